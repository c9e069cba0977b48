import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { ralph, startRalph } from '../support/ralph-process.ts'

t.test('ralph help COMMAND is the help of the command, its flags of backends too', async (t) => {
  const asked = await ralph(t, ['help', 'read'])
  t.match(asked, { code: 0, stderr: '', stdout: /^Usage: ralph read\|fetch .*--es-hosts/s })
  t.equal(asked.stdout, (await ralph(t, ['read', '--help'])).stdout)
  t.match(await ralph(t, ['help']), { code: 0, stdout: /^Usage: ralph \[options\] \[command\]/ })
})

t.test('a flag that is missing says what it may be', async (t) => {
  t.match(await ralph(t, ['read']), {
    code: 2,
    stderr: /Error: required option '-b, --backend <name>' .*: one of sqlite, fs, /
  })
  t.match(await ralph(t, ['validate']), {
    code: 2,
    stderr: /'-f, --format <format>' not specified: .*\(edx, xapi\)\n$/
  })
})

t.test('what stands for a value says what kind of value it is', async (t) => {
  const { stdout } = await ralph(t, ['runserver', '--help'])
  for (const flag of [
    '--max-statements-per-request <number>',
    '--max-body-size <size>',
    '--auth-file <path>',
    '--auth-cache-ttl <number>',
    '--default-version <1.0.3|2.0.0>',
    '--es-hosts <hosts>'
  ]) {
    t.match(stdout, flag)
  }
  t.notMatch(stdout, /<(?:request|ttl|alive|count|delay)>/)
})

/** Ralph on a terminal of its own, by script of util-linux. */
const onTerminal = (words: string) => {
  const command = `${process.execPath} src/main.ts ${words}`
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  const seen = async (text: RegExp): Promise<void> => {
    while (!text.test(out)) await once(child.stdout, 'data')
  }
  return { child, seen, out: () => out }
}

t.test('a command that waits for what is typed says so, and Ctrl-C is no event', async (t) => {
  const terminal = onTerminal('validate -f edx')
  t.teardown(() => terminal.child.kill())
  await terminal.seen(/reading from the keyboard, line by line, until Ctrl-D/)
  terminal.child.stdin.write('{"event_source": "bro')
  await wait(300)
  terminal.child.stdin.write('\u0003')
  await terminal.seen(/Total events: \d+/)
  t.match(terminal.out(), /Total events: 0, Invalid events: 0/)
  await terminal.seen(/interrupted by SIGINT/)
})

t.test('a line that Ctrl-C cut off before it came through a pipe is no event', async (t) => {
  const child = startRalph(t, ['validate', '-f', 'edx', '--no-progress'])
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const closed = once(child, 'close')
  child.stdin?.write(
    '{"event_source": "server", "event_type": "/", "context": {"path": "/"}, "time": "2026-03-02T09:15:42Z"}\n'
  )
  await once(child.stdout ?? child, 'data')
  // As a shell does it: whoever writes into the pipe ends first.
  child.stdin?.end('{"event_source": "bro')
  await wait(10)
  child.kill('SIGINT')
  t.same(await closed, [null, 'SIGINT'])
  t.match(stderr, /Total events: 1, Invalid events: 0\nError: interrupted by SIGINT\n$/)
})
