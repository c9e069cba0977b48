import { status } from '@grpc/grpc-js'
import t from 'tap'
import type { Middleware } from '../../src/grpc/running-call.ts'
import { composed } from '../../src/protocol/middleware.ts'
import { middlewareList } from '../../src/settings/grpc.ts'
import { grpcClient, startGrpcLrs } from '../support/grpc.ts'
import { anId, withMbox } from '../support/statements.ts'

const middleware = (text: string) => ({ grpc: { middleware: middlewareList.parse(text) ?? [] } })
const version = ['ralph.v1.Server', 'Version', {}] as const
const linesOf = (log: readonly string[]) => log.map((line) => JSON.parse(line)).filter(({ path }) => path !== undefined)

t.test('the list of the settings: names, sizes, order; what is unknown is refused', async (t) => {
  t.same(middlewareList.parse('tracing, recover,max_message_size: 500mb'), [
    { name: 'tracing' },
    { name: 'recover' },
    { name: 'max_message_size', bytes: 500_000_000 }
  ])
  t.same(middlewareList.parse('["max_message_size: 4MiB"]'), [{ name: 'max_message_size', bytes: 4 * 2 ** 20 }])
  t.same(middlewareList.parse('[]'), [])
  for (const wrong of ['auth', 'recover,recover', 'max_message_size', 'max_message_size: big', 'logging: yes']) {
    t.equal(middlewareList.parse(wrong), undefined, wrong)
  }
})

t.test('the first of the list is the outermost one', async (t) => {
  const seen: string[] = []
  const named =
    (name: string): Middleware =>
    async (_call, next) => {
      seen.push(`${name} in`)
      await next()
      seen.push(`${name} out`)
    }
  const call = {} as Parameters<Middleware>[0]
  await composed([named('a'), named('b')])(call, async () => {
    seen.push('work')
  })
  t.same(seen, ['a in', 'b in', 'work', 'b out', 'a out'])
})

t.test(
  'recover: what a handler throws is INTERNAL, and the server lives; without it the process hears of it',
  async (t) => {
    // A setting that cannot be read makes the handler throw.
    const settings = {
      get defaultVersion(): never {
        throw new TypeError('a defect')
      }
    }
    for (const list of ['recover', 'logging']) {
      const faults: unknown[] = []
      const lrs = await startGrpcLrs(t, {
        backend: 'memory',
        ...middleware(list),
        onFault: (error) => faults.push(error),
        makeSettings: (whole) => Object.defineProperties({ ...whole }, Object.getOwnPropertyDescriptors(settings))
      })
      const user = grpcClient(t, lrs.port, 'janedoe')
      t.match((await user.unary(...version)).error, { code: status.INTERNAL }, list)
      t.match((await user.unary('grpc.health.v1.Health', 'Check', { service: '' })).answer, { status: 'SERVING' }, list)
      t.equal(faults.length, list === 'recover' ? 0 : 1, list)
      if (list === 'recover') t.match(lrs.log.join(''), 'a defect')
    }
  }
)

t.test('logging: one line for each call, with its duration; without it none', async (t) => {
  const lrs = await startGrpcLrs(t, { backend: 'memory', ...middleware('recover,logging') })
  const user = grpcClient(t, lrs.port, 'janedoe')
  await user.unary(...version)
  await user.write([['{}']])
  t.match(linesOf(lrs.log), [
    { method: 'gRPC', path: '/ralph.v1.Server/Version', status: 'OK', remote: '127.0.0.1', ms: Number },
    { path: '/ralph.v1.Statements/Write', status: 'INVALID_ARGUMENT', user: 'janedoe', ms: Number }
  ])
  const silent = await startGrpcLrs(t, { backend: 'memory', ...middleware('recover,tracing') })
  await grpcClient(t, silent.port, undefined).unary(...version)
  t.same(linesOf(silent.log), [])
})

t.test(
  'tracing: the trace of the client is in the line of the log, and is passed on; without it none is',
  async (t) => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const span = 'b7ad6b7169203331'
    const statement = { actor: withMbox('a'), verb: { id: 'https://v.example' }, object: { id: 'https://o.example' } }
    for (const list of ['logging,tracing', 'tracing,logging', 'logging']) {
      const lrs = await startGrpcLrs(t, { backend: 'memory', ...middleware(list) })
      const user = grpcClient(t, lrs.port, 'janedoe')
      const passedOn = async (metadata: Readonly<Record<string, string>>) => {
        const ended = await user.write([[{ id: anId(), ...statement }]], { metadata })
        return ended.metadata?.get('traceparent')[0]
      }
      const isTracing = list !== 'logging'
      for (const metadata of [
        { traceparent: `00-${traceId}-${span}-01` },
        { b3: `${traceId}-${span}-1` },
        { 'x-b3-traceid': traceId, 'x-b3-spanid': span, 'x-b3-sampled': '1' }
      ]) {
        const parent = await passedOn(metadata)
        if (isTracing) t.match(parent, new RegExp(`^00-${traceId}-(?!${span})[0-9a-f]{16}-01$`))
        else t.equal(parent, undefined)
        t.equal(linesOf(lrs.log).at(-1)?.traceId, isTracing ? traceId : undefined, list)
      }
      if (!isTracing) continue
      t.match(await passedOn({ traceparent: 'nonsense' }), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, 'a new trace')
    }
  }
)

t.test(
  'max_message_size: what is larger is RESOURCE_EXHAUSTED; without it the limit is the 4 MiB of gRPC',
  async (t) => {
    const large = JSON.stringify({
      id: anId(),
      actor: withMbox('a'),
      verb: { id: 'https://v.example' },
      object: { id: 'https://o.example' },
      result: { response: 'x'.repeat(1_500_000) }
    })
    const statementsOf = (count: number) =>
      Array.from({ length: count }, () => large.replace(/"id":"[^"]+"/, `"id":"${anId()}"`))
    const [small, usual, none] = [
      await startGrpcLrs(t, { backend: 'memory', ...middleware('recover,max_message_size: 1mb') }),
      await startGrpcLrs(t, { backend: 'memory', ...middleware('recover,max_message_size: 8MiB') }),
      await startGrpcLrs(t, { backend: 'memory', ...middleware('recover') })
    ].map(({ port }) => grpcClient(t, port, 'janedoe'))
    t.match((await small?.write([statementsOf(1)]))?.error, { code: status.RESOURCE_EXHAUSTED })
    t.match((await usual?.write([statementsOf(4)]))?.answer, { stored: 4 })
    t.match((await none?.write([statementsOf(4)]))?.error, { code: status.RESOURCE_EXHAUSTED })
    t.match((await none?.write([statementsOf(2)]))?.answer, { stored: 2 })
    t.match((await small?.unary(...version))?.answer, { version: '1.2.3' }, 'the server lives')
  }
)
