import { once } from 'node:events'
import type { Test } from 'tap'
import type { Registry } from '../../src/contracts/registry.ts'
import type { PrivateEngine } from '../support/engines/engine.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aRegistry, registryVariables } from '../support/registry.ts'
import { aSwallowingWire } from '../support/swallowing-wire.ts'
import { follow, textOf } from './registry.ts'

/** One provider with a server of its own. Times are milliseconds. */
export interface RegistryFaults {
  readonly engine: Pick<PrivateEngine, 'url' | 'kill' | 'restart' | 'stop'>
  readonly settings: Readonly<Record<string, string>>
  readonly registry: Registry
  /** Of locks: the shortest that the server keeps. */
  readonly ttl: number
  /** How much later than the TTL the server notices that a holder is dead. */
  readonly notices: number
  /** What is set besides to ask a server that hangs. */
  readonly patient: Readonly<Record<string, string>>
  /** Within so long a call of a server that hangs, or is gone, is given up. */
  readonly givenUp: number
  /** Within so long a lock that cannot be renewed is lost. */
  readonly lost: number
  /** What a call of a server that is gone says. */
  readonly gone: RegExp
}

/** What a killed holder, a restart and a server that hangs must not break. */
export const faultContract = async (t: Test, { engine, settings, registry, ...bounds }: RegistryFaults) => {
  const { ttl, notices } = bounds
  await t.test('a lock whose holder is killed passes on within its TTL', async (t) => {
    const env = registryVariables(settings)
    const held = ['kv', 'lock', '--ttl', `${ttl / 1000}s`, 'locks/a', '--', 'sh', '-c', 'echo held; sleep 4']
    const child = startRalph(t, held, { env })
    await once(child.stdout ?? child, 'data')
    t.match(await ralph(t, ['kv', 'lock', '--wait', '100ms', 'locks/a', '--', 'true'], { env }), { code: 5 })
    child.kill('SIGKILL')
    // The command itself lives on, and would hold the pipe.
    child.stdout?.destroy()
    child.stderr?.destroy()
    const killed = performance.now()
    const lock = registry.newLock('locks/a', { ttl })
    await lock.lock()
    t.ok(performance.now() - killed < ttl + notices, 'the TTL, and the time in which the server looks')
    await lock.unlock()
    t.match(await ralph(t, ['kv', 'lock', 'locks/a', '--', 'sh', '-c', 'exit 7'], { env }), { code: 7 })
  })

  await t.test('a watch and a lock survive a restart of the server', async (t) => {
    await registry.put('watched', Buffer.from('before'))
    const watched = follow(t, (signal) => registry.watch('watched', signal))
    t.equal(textOf(await watched.next()), 'before')
    const lock = registry.newLock('locks/b')
    const lost = await lock.lock()
    await engine.kill()
    await engine.restart()
    await registry.put('watched', Buffer.from('after'))
    t.equal(textOf(await watched.next()), 'after')
    t.equal(lost.aborted, false)
    await lock.unlock()
    t.equal(await registry.exists('locks/b'), false)
  })

  await t.test('a lock that is let go of while the server starts again is free', async (t) => {
    const lock = registry.newLock('locks/d')
    await lock.lock()
    await engine.kill()
    await engine.restart()
    await lock.unlock()
    t.equal(await registry.exists('locks/d'), false)
  })

  await t.test('a server that hangs is given up in time', async (t) => {
    const wire = await aSwallowingWire(t, engine.url)
    const endpoints = `127.0.0.1:${wire.port}`
    const hanging = await aRegistry({
      ...settings,
      endpoints,
      header_timeout_per_request: '1s',
      ...bounds.patient
    })
    t.teardown(() => hanging.close())
    await hanging.put('a', Buffer.from('1'))
    const lost = await hanging.newLock('locks/c', { ttl }).lock()
    wire.swallow(true)
    const begun = performance.now()
    await t.rejects(hanging.get('a'), { code: 'REGISTRY_UNREACHABLE' })
    t.ok(performance.now() - begun < bounds.givenUp)
    if (!lost.aborted) await once(lost, 'abort')
    t.ok(performance.now() - begun < bounds.lost, 'who cannot renew a lock has lost it')
    wire.swallow(false)
  })
}

/** Ends the server: what comes after it finds none. */
export const goneContract = async (
  t: Test,
  {
    engine,
    settings,
    registry,
    gone,
    givenUp
  }: Pick<RegistryFaults, 'engine' | 'settings' | 'registry' | 'gone' | 'givenUp'>
) => {
  await t.test('a server that is gone is not reachable, within the time that is set', async (t) => {
    await engine.stop()
    const begun = performance.now()
    await t.rejects(registry.get('watched'), { code: 'REGISTRY_UNREACHABLE', message: gone })
    t.ok(performance.now() - begun < givenUp)
    const late = await ralph(t, ['kv', 'get', 'a'], { env: registryVariables(settings) })
    t.match(late, { code: 1, stderr: new RegExp(`${settings.provider} at 127\\.0\\.0\\.1:\\d+ was not reached`) })
  })
}
