import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'
import type { KVPair, Registry } from '../../src/contracts/registry.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
export const textOf = (pair: KVPair | undefined): string | undefined =>
  pair === undefined ? undefined : Buffer.from(pair.value).toString()

/** What a watch gives, one after the other; each waits for at most ten seconds. */
export const follow = <Value>(t: Test, watched: (signal: AbortSignal) => AsyncIterable<Value>) => {
  const stopped = new AbortController()
  t.teardown(() => stopped.abort())
  const iterator = watched(stopped.signal)[Symbol.asyncIterator]()
  return {
    next: async (): Promise<Value> => {
      const late = new AbortController()
      const given = await Promise.race([
        iterator.next(),
        wait(10_000, undefined, { signal: late.signal }).then(() => {
          throw new Error('the watch gives nothing')
        })
      ])
      late.abort()
      if (given.done === true) throw new Error('the watch has ended')
      return given.value
    },
    end: async (): Promise<boolean> => {
      stopped.abort()
      return (await iterator.next()).done === true
    }
  }
}

/** Until it is so; some servers look only now and then whether a value has to go. */
export const until = async (isSo: () => Promise<boolean>, limit: number): Promise<boolean> => {
  for (const end = performance.now() + limit; performance.now() < end; await wait(50)) if (await isSo()) return true
  return false
}

interface Promised {
  /** A registry in the same bucket, as another machine would have it. */
  readonly open: () => Promise<Registry>
  /** Whether Watch, WatchTree and NewLock are there. */
  readonly watches: boolean
  /** Milliseconds: a TTL that the server takes as it is, and how much later the value may go. */
  readonly ttl: number
  readonly slack: number
}

const keepsValues = async (t: Test, { open, ttl, slack }: Promised): Promise<void> => {
  const registry = await open()
  t.teardown(() => registry.close())
  await t.rejects(registry.get('none'), { code: 'KEY_NOT_FOUND' })
  await t.rejects(registry.delete('none'), { code: 'KEY_NOT_FOUND' })
  await t.rejects(registry.list('none'), { code: 'KEY_NOT_FOUND' })
  await t.rejects(registry.deleteTree('none'), { code: 'KEY_NOT_FOUND' })
  t.equal(await registry.exists('none'), false)
  for (const key of ['', '/', 'a/../b', 'a/.', 'a\0b']) {
    await t.rejects(registry.put(key, bytes('x')), { code: 'INVALID_PARAMETER' }, JSON.stringify(key))
  }

  await registry.put('/a/b/c/', bytes('1'))
  const first = await registry.get('a/b/c')
  t.match(first, { key: 'a/b/c' })
  t.equal(textOf(first), '1')
  t.not(first.lastIndex, 0)
  await registry.put('a/b/c', bytes('2'))
  const second = await registry.get('a/b/c/')
  t.equal(textOf(second), '2')
  t.not(second.lastIndex, first.lastIndex, 'a value that was put again is another one')
  await registry.put('a/empty', bytes(''))
  t.equal((await registry.get('a/empty')).value.length, 0, 'a value may be empty')
  const binary = Uint8Array.from({ length: 256 }, (_, each) => each)
  await registry.put('a/ünï 漢', binary)
  t.same(new Uint8Array((await registry.get('a/ünï 漢')).value), binary, 'a value is bytes')
  t.equal(await registry.exists('a/b/c'), true)
  t.equal(await registry.exists('a/b'), true, 'what something is below is a directory')
  await t.rejects(registry.get('a/b'), { code: 'KEY_NOT_FOUND' }, 'a directory has no value')
  await registry.put('ab', bytes('not below a'))
  await registry.put('a0', bytes('not below a'))
  t.same(
    (await registry.list('a')).map(({ key }) => key),
    ['a/b/c', 'a/empty', 'a/ünï 漢'],
    'a list is of all depths, in order, and of the directory only'
  )
  t.same((await registry.list('/')).length, 5, 'the bucket is a directory')
  await registry.delete('a/empty')
  t.equal(await registry.exists('a/empty'), false)
  await registry.deleteTree('a')
  t.equal(await registry.exists('a/b/c'), false)
  t.equal(await registry.exists('a'), false)
  t.equal(textOf(await registry.get('ab')), 'not below a')
  await registry.put('directory', bytes('ignored'), { isDir: true })
  t.equal(await registry.exists('directory'), true)
  await t.rejects(registry.get('directory'), { code: 'KEY_NOT_FOUND' })
  await t.rejects(registry.list('directory'), { code: 'KEY_NOT_FOUND' })

  await registry.put('short', bytes('lived'), { ttl })
  t.equal(textOf(await registry.get('short')), 'lived')
  t.ok(await until(async () => !(await registry.exists('short')), ttl + slack), 'a value with a TTL goes')
}

const isAtomic = async (t: Test, { open, watches }: Promised): Promise<void> => {
  const registry = await open()
  t.teardown(() => registry.close())
  const made = await registry.atomicPut('n', bytes('0'), undefined)
  t.equal(textOf(made), '0')
  t.equal((await registry.get('n')).lastIndex, made.lastIndex, 'the new pair is what is read')
  await t.rejects(registry.atomicPut('n', bytes('x'), undefined), { code: 'KEY_EXISTS' })
  await registry.put('n', bytes('1'))
  await t.rejects(registry.atomicPut('n', bytes('x'), made), { code: 'KEY_MODIFIED' })
  await t.rejects(registry.atomicPut('missing', bytes('x'), made), { code: 'KEY_MODIFIED' })
  t.equal(textOf(await registry.get('n')), '1')
  await t.rejects(registry.atomicDelete('n', undefined), { code: 'PREVIOUS_NOT_SPECIFIED' })
  await t.rejects(registry.atomicDelete('n', made), { code: 'KEY_MODIFIED' })
  const now = await registry.get('n')
  await registry.atomicDelete('n', now)
  await t.rejects(registry.atomicDelete('n', now), { code: 'KEY_NOT_FOUND' })
  const again = await registry.atomicPut('n', bytes('0'), undefined)
  t.not(again.lastIndex, made.lastIndex, 'a key that was deleted and made again is another one')
  await t.rejects(registry.atomicPut('n', bytes('x'), made), { code: 'KEY_MODIFIED' })

  // What only one process can open has no other.
  const other = watches ? await open() : registry
  const both = [registry, other]
  const count = async (by: Registry): Promise<void> => {
    for (let done = 0; done < 10; ) {
      const pair = await by.get('n')
      const value = String(Number(textOf(pair)) + 1)
      const isDone = await by.atomicPut('n', bytes(value), pair).then(
        () => true,
        (error: { readonly code?: string }) => {
          if (error.code !== 'KEY_MODIFIED') throw error
          return false
        }
      )
      if (isDone) done += 1
    }
  }
  await Promise.all([...both, ...both].map(count))
  t.equal(textOf(await registry.get('n')), '40', 'nobody overwrites what another has counted')
  if (other !== registry) await other.close()
}

const watchesKeys = async (t: Test, { open }: Promised): Promise<void> => {
  const [registry, other] = [await open(), await open()]
  t.teardown(() => Promise.all([registry.close(), other.close()]))
  await registry.put('watched/a', bytes('1'))
  const key = follow(t, (signal) => registry.watch('watched/a', signal))
  const tree = follow(t, (signal) => registry.watchTree('watched', signal))
  const missing = follow(t, (signal) => registry.watch('watched/later/c', signal))
  const listed = async (): Promise<string> => (await tree.next()).map((pair) => `${pair.key}=${textOf(pair)}`).join(' ')
  t.equal(textOf(await key.next()), '1', 'first what is there')
  t.equal(await listed(), 'watched/a=1', 'first the children')
  t.equal(await missing.next(), undefined, 'first that nothing is there')
  await other.put('watched/a', bytes('2'))
  t.equal(textOf(await key.next()), '2')
  t.equal(await listed(), 'watched/a=2', 'then the whole list')
  await other.put('watched/deep/b', bytes('3'))
  t.equal(await listed(), 'watched/a=2 watched/deep/b=3')
  await other.put('watched/later/c', bytes('4'))
  t.equal(textOf(await missing.next()), '4')
  await other.delete('watched/a')
  t.equal(await key.next(), undefined, 'undefined once it is deleted')
  await other.put('watched/a', bytes('5'))
  t.equal(textOf(await key.next()), '5')
  for (let each = 6; each < 30; each += 1) await other.put('watched/a', bytes(String(each)))
  for (let seen: string | undefined; seen !== '29'; ) seen = textOf(await key.next())
  t.pass('the last of many changes is seen')
  await other.deleteTree('watched')
  for (let seen = 'something'; seen !== ''; ) seen = await listed()
  t.pass('in the end nothing is left')
  t.ok(await key.end(), 'a watch ends with its signal')
  t.ok(await tree.end())
  t.ok(await missing.end())
}

const locks = async (t: Test, { open, ttl }: Promised): Promise<void> => {
  const [registry, other] = [await open(), await open()]
  t.teardown(() => Promise.all([registry.close(), other.close()]))
  const mine = registry.newLock('locks/one', { value: bytes('mine'), ttl })
  const theirs = other.newLock('locks/one', { value: bytes('theirs'), ttl })
  const lost = await mine.lock()
  await t.rejects(mine.lock(), { code: 'CANNOT_LOCK' })
  t.equal(textOf(await other.get('locks/one')), 'mine', 'its value can be read')
  await t.rejects(theirs.lock(AbortSignal.timeout(200)), { code: 'CANNOT_LOCK' }, 'who waits no longer gets none')
  let isTheirs = false
  const waiting = theirs.lock().then((signal) => {
    isTheirs = true
    return signal
  })
  await wait(ttl * 1.5)
  t.equal(isTheirs, false, 'a lock is renewed for as long as its holder lives')
  t.equal(lost.aborted, false)
  await mine.unlock()
  await mine.unlock()
  const theirLost = await waiting
  t.equal(textOf(await registry.get('locks/one')), 'theirs')
  await registry.delete('locks/one')
  if (!theirLost.aborted) await new Promise((resolve) => theirLost.addEventListener('abort', resolve))
  t.pass('who lost the lock is told')
  await theirs.unlock()
  t.equal(await other.exists('locks/one'), false, 'an unlocked key is gone')
  await mine.lock()
  await mine.unlock()

  let holders = 0
  let most = 0
  const work = async (by: Registry): Promise<void> => {
    for (let done = 0; done < 3; done += 1) {
      const lock = by.newLock('locks/two', { ttl })
      await lock.lock()
      holders += 1
      most = Math.max(most, holders)
      await wait(5)
      holders -= 1
      await lock.unlock()
    }
  }
  await Promise.all([work(registry), work(other), work(registry)])
  t.equal(most, 1, 'one holder at a time')
  await registry.newLock('locks/three', { ttl }).lock()
  await registry.close()
  t.ok(await until(async () => !(await other.exists('locks/three')), 2000), 'a registry that is closed keeps no lock')
}

/** What every registry does, or says that it cannot. */
export const testRegistry = async (t: Test, promised: Promised): Promise<void> => {
  await t.test('values are put, read, listed and deleted', (t) => keepsValues(t, promised))
  await t.test('of those who change a value at once, one succeeds', (t) => isAtomic(t, promised))
  if (promised.watches) {
    await t.test('a watch gives what is there, then each change', (t) => watchesKeys(t, promised))
    await t.test('a lock has one holder at a time', (t) => locks(t, promised))
    return
  }
  await t.test('watching and locking are refused', async (t) => {
    const registry = await promised.open()
    t.teardown(() => registry.close())
    const { signal } = new AbortController()
    t.throws(() => registry.watch('a', signal), { code: 'CALL_NOT_SUPPORTED' })
    t.throws(() => registry.watchTree('a', signal), { code: 'CALL_NOT_SUPPORTED' })
    t.throws(() => registry.newLock('a'), { code: 'CALL_NOT_SUPPORTED' })
  })
}
