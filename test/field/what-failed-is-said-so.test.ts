import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { closedPort } from '../support/closed-port.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aStatement } from '../support/statements.ts'

t.test('an auth file without users is not ok to doctor, and it says how to add one', async (t) => {
  const appDir = t.testdir({ 'auth.json': '[]' })
  const { code, stdout } = await ralph(t, ['doctor'], { env: { RALPH_APP_DIR: appDir } })
  t.equal(code, 1)
  t.match(stdout, /^missing {2}auth file: .+auth\.json has no users; add one: .*ralph auth/m)
})

t.test('a write that failed shows no rate', async (t) => {
  const words = ['write', '-b', 'es', '--es-hosts', `http://127.0.0.1:${await closedPort()}`]
  const { code, stderr } = await ralph(t, words, { input: `${JSON.stringify(aStatement())}\n` })
  t.not(code, 0)
  t.match(stderr, /0 written, 0 existed already, 0 rejected, then it failed/)
  t.notMatch(stderr, /\d\/s/)
})

t.test('nor does any other command that failed after a while', async (t) => {
  const record = `${JSON.stringify(aStatement())}\n`
  const cwd = t.testdir({ 'a.jsonl': record.repeat(2000), 'b.jsonl.gz': '' })
  writeFileSync(join(cwd, 'b.jsonl.gz'), gzipSync(record.repeat(20)).subarray(0, 60))
  const fs = ['-b', 'fs', '--fs-default-directory-path', cwd]
  for (const words of [
    ['validate', '-f', 'xapi'],
    [
      'convert',
      '-f',
      'edx',
      '-t',
      'xapi',
      '-p',
      'https://lms.example.org',
      '-u',
      'ee241f8b-174f-5bdb-bae9-c09de5fe017f'
    ],
    ['write', '-b', 'es', '--es-hosts', `http://127.0.0.1:${await closedPort()}`]
  ]) {
    const { code, stderr } = await ralph(t, words, { input: `${record.repeat(2000)}{"a":\n` })
    t.not(code, 0, words.join(' '))
    t.notMatch(stderr, /\d\/s/, words.join(' '))
  }
  // The second of two files is damaged.
  for (const words of [
    ['read', ...fs, '*'],
    ['extract', '-p', 'jsonl', join(cwd, 'a.jsonl'), join(cwd, 'b.jsonl.gz')]
  ]) {
    const { code, stderr } = await ralph(t, words)
    t.not(code, 0, words.join(' '))
    t.match(stderr, /failed after [^\n]*B\n/, words.join(' '))
    t.notMatch(stderr, /\d\/s/, words.join(' '))
  }
})

const partials = (directory: string): string[] => readdirSync(directory).filter((name) => name.endsWith('.partial'))

t.test(
  'what a write to files left that was killed is swept by the next one, and no file of one that lives',
  async (t) => {
    const directory = t.testdir()
    const started = (target: string) => {
      const child = startRalph(t, ['write', '-b', 'fs', '-t', target, '--fs-default-directory-path', directory])
      child.stdin?.write('{"some":"thing"}\n')
      return child
    }
    const until = async (count: number): Promise<void> => {
      for (let tries = 0; partials(directory).length !== count; tries += 1) {
        if (tries > 600) throw new Error(`there are ${partials(directory)}`)
        await setTimeout(50)
      }
    }
    const killed = started('killed.jsonl')
    await until(1)
    killed.kill('SIGKILL')
    await new Promise((resolve) => killed.once('close', resolve))
    const [left] = partials(directory)
    t.ok(left, 'it is left behind')
    const living = started('living.jsonl')
    // It sweeps what is left before it makes its own.
    while (partials(directory).includes(left ?? '')) await setTimeout(50)
    await until(1)
    const { code } = await ralph(
      t,
      ['write', '-b', 'fs', '-t', 'next.jsonl', '--fs-default-directory-path', directory],
      {
        input: '{"other":"thing"}\n'
      }
    )
    t.equal(code, 0)
    t.equal(partials(directory).length, 1, 'that of the one that writes')
    living.stdin?.end()
    const [ended] = await new Promise<[number]>((resolve) => living.once('close', (...ends) => resolve(ends as never)))
    t.equal(ended, 0)
    t.same(readdirSync(directory).sort(), ['living.jsonl', 'next.jsonl'])
  }
)

t.test('a file of an older version that says no writer is swept once nobody has changed it for a day', async (t) => {
  const directory = join(t.testdir(), 'files')
  mkdirSync(directory)
  const [old, young] = ['.ralph-0e9ff9aa-old.partial', '.ralph-0e9ff9aa-young.partial']
  for (const name of [old, young]) writeFileSync(join(directory, name), 'half')
  const before = Date.now() / 1000 - 2 * 86_400
  utimesSync(join(directory, old), before, before)
  const words = ['write', '-b', 'fs', '-t', 'new.jsonl', '--fs-default-directory-path', directory]
  t.equal((await ralph(t, words, { input: '{"a":1}\n' })).code, 0)
  t.same(readdirSync(directory).sort(), [young, 'new.jsonl'])
})
