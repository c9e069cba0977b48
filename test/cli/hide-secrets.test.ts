import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { runserver, startRalph } from '../support/ralph-process.ts'

/** Nothing, when it has ended. */
const wordsOf = (pid: number | undefined): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const untilHidden = async (pid: number | undefined, secret: string): Promise<string> => {
  for (;;) {
    const words = wordsOf(pid)
    if (!words.includes(secret)) return words
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

t.test('a password that is given as a flag does not stay in the list of processes', async (t) => {
  const words = ['-p', 'verySecret', '-s', 'all', '-M', 'mailto:a@example.org', '-u', 'a', '-w']
  const child = startRalph(t, ['auth', ...words, '--auth-file', `${t.testdir()}/auth.json`])
  const closed = once(child, 'close')
  t.match(await untilHidden(child.pid, 'verySecret'), /^ralph auth|^$/)
  t.strictSame(await closed, [0, null])
})

t.test('nor does one of the server; words without secrets stay', async (t) => {
  const directory = t.testdir({ 'auth.json': '[]' })
  const env = { RALPH_APP_DIR: directory }
  const open = await runserver(t, ['-b', 'memory'], { env })
  t.match(wordsOf(open.child.pid), 'runserver')
  const hidden = await runserver(t, ['-b', 'memory', '--es-hosts', 'http://u:verySecret@127.0.0.1:9'], { env })
  t.match(wordsOf(hidden.child.pid), /^ralph runserver/)
})
