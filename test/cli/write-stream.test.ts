import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startRalph } from '../support/ralph-process.ts'

t.test('records of a stream are written though it goes on, and Ctrl-C says how many', async (t) => {
  const cwd = t.testdir()
  const file = join(cwd, 'records.db')
  const child = startRalph(t, ['write', '-b', 'sqlite'], { cwd, env: { RALPH_APP_DIR: cwd } })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin?.on('error', () => {})
  child.stdin?.write('{"id":"1"}\n{"id":"2"}\n')
  const size = (): number => {
    try {
      return readFileSync(`${file}-wal`).length + readFileSync(file).length
    } catch {
      return 0
    }
  }
  // The input stays open: nothing but a pause tells that these two are all for now.
  const count = async (): Promise<number> => {
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      return Number(database.prepare('SELECT count(*) AS n FROM records').get()?.n)
    } catch {
      return 0
    } finally {
      database.close()
    }
  }
  while (size() === 0 || (await count()) < 2) await new Promise((resolve) => setTimeout(resolve, 50))
  const closed = once(child, 'close')
  child.kill('SIGINT')
  t.strictSame(await closed, [null, 'SIGINT'])
  t.match(
    stderr,
    /write sqlite: 2 written, 0 existed already, 0 rejected, then it failed\nError: interrupted by SIGINT\n$/
  )
})
