import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { lockStore } from '../../src/durability/process-lock.ts'

const source = fileURLToPath(new URL('../../src/durability/process-lock.ts', import.meta.url))

/** A process that holds the lock until it is killed. */
const holder = async (path: string) => {
  const program = `
    const { lockStore } = await import(${JSON.stringify(source)})
    lockStore(${JSON.stringify(path)})
    console.log('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  await once(child.stdout, 'data')
  return child
}

t.test('a store has one writer, in this process or in another, until it is released', async (t) => {
  const path = join(t.testdir(), 'ralph.db')
  const lock = lockStore(path)
  t.throws(() => lockStore(path), { code: 'STORE_IN_USE', message: new RegExp(path), details: { path } })
  lock.release()
  lock.release()
  const child = await holder(path)
  t.throws(() => lockStore(path), { code: 'STORE_IN_USE' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  lockStore(path).release()
})

t.test('stores beside each other do not exclude each other', async (t) => {
  const directory = t.testdir()
  const locks = [lockStore(join(directory, 'a')), lockStore(join(directory, 'b'))]
  for (const lock of locks) lock.release()
})

t.test('a place where no lock can be written is named', async (t) => {
  const path = join(t.testdir(), 'missing', 'ralph.db')
  t.throws(() => lockStore(path), { code: 'STORE_FULL', message: /missing/ })
})
