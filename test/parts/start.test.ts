import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Part } from '../../src/contracts/part.ts'
import { startParts } from '../../src/parts/start.ts'
import { startLrs } from '../support/lrs.ts'
import { aLog } from '../support/users.ts'

/** A part that notes what happens to it. */
const toy = (
  name: string,
  events: string[],
  own: Partial<Part> & { readonly stop?: () => Promise<void> } = {}
): Part => ({
  name,
  start: async () => {
    events.push(`start ${name}`)
    const stop = async (): Promise<void> => {
      events.push(`stop ${name}`)
      await own.stop?.()
    }
    return { service: name, stop, health: async () => ({ state: 'ok' }) }
  },
  ...(own.start === undefined ? {} : { start: own.start })
})

const failing = (message: string) => async (): Promise<never> => {
  throw new Error(message)
}

const context = () => ({ log: aLog(), signal: new AbortController().signal })

t.test('parts are started in their order and stopped in the reverse order; a part uses those before it', async (t) => {
  const events: string[] = []
  const one = toy('one', events)
  const two: Part = toy('two', events, {
    start: async ({ use, running }) => {
      events.push(`two uses ${use(one)} of ${[...running().keys()]}`)
      return { service: '', stop: async () => {}, health: async () => ({ state: 'ok' }) }
    }
  })
  const { stop } = await startParts([one, two, toy('three', events)], context())
  await stop()
  await stop()
  t.same(events, ['start one', 'two uses one of one', 'start three', 'stop three', 'stop one'])
  await t.rejects(startParts([two], context()), { code: 'INTERNAL' }, 'a part that was not started')
})

t.test(
  'when a part fails at its start, those before it are stopped, and its failure is the one that is told',
  async (t) => {
    const events: string[] = []
    const { log, signal } = context()
    const parts = [
      toy('one', events),
      toy('two', events, { stop: failing('the disk is full') }),
      toy('three', events, { start: failing('the port is taken') }),
      toy('four', events)
    ]
    await t.rejects(startParts(parts, { log, signal }), { message: 'the port is taken' })
    t.same(events, ['start one', 'start two', 'stop two', 'stop one'])
    t.same(log.lines, ['error The part two did not stop cleanly: the disk is full'])
  }
)

t.test('a part that fails when it is stopped keeps no other from stopping', async (t) => {
  const events: string[] = []
  const parts = [toy('one', events), toy('two', events, { stop: failing('the disk is full') }), toy('three', events)]
  const { stop } = await startParts(parts, context())
  await t.rejects(stop(), { message: 'the disk is full' })
  t.same(events.slice(3), ['stop three', 'stop two', 'stop one'])
})

t.test('a process that is told to stop while it starts stops what was started', async (t) => {
  const events: string[] = []
  const controller = new AbortController()
  const two = toy('two', events, {
    start: async () => {
      controller.abort(new Error('interrupted'))
      return { service: '', stop: async () => void events.push('stop two'), health: async () => ({ state: 'ok' }) }
    }
  })
  const parts = [toy('one', events), two, toy('three', events)]
  await t.rejects(startParts(parts, { log: aLog(), signal: controller.signal }), { message: 'interrupted' })
  t.same(events, ['start one', 'stop two', 'stop one'])
})

t.test('the heartbeat names every part: 503 when one fails or throws, 200 when one is degraded', async (t) => {
  let health: () => Promise<unknown> = async () => ({ state: 'ok' })
  // The part says what the test tells it to.
  const listener = { service: '', stop: async () => {}, health: () => health() } as never
  const lrs = await startLrs(t, { parts: () => new Map([['listener', listener]]) })
  const heartbeat = async () => {
    const answer = await fetch(`http://127.0.0.1:${lrs.port}/__heartbeat__`)
    return { status: answer.status, ...JSON.parse(await answer.text()) }
  }
  t.same(await heartbeat(), { status: 200, database: 'ok', listener: 'ok' })
  const told: readonly (readonly [() => Promise<unknown>, object])[] = [
    [
      async () => ({ state: 'degraded', detail: 'broker-7 is slow', hint: 'the broker is slow' }),
      { status: 200, listener: 'degraded', detail: 'listener: the broker is slow' }
    ],
    [
      failing('broker-7 is gone'),
      { status: 503, listener: 'error', detail: 'listener: the log of the server has more' }
    ]
  ]
  for (const [next, expected] of told) {
    health = next
    // A part is asked once in a second.
    await wait(1010)
    t.same(await heartbeat(), { database: 'ok', ...expected })
  }
  t.match(lrs.log, [
    /The part listener has a problem \(degraded\): broker-7 is slow/,
    /The part listener.*broker-7 is gone/
  ])
})
