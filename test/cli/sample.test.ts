import { once } from 'node:events'
import t from 'tap'
import { ralph, startRalph } from '../support/ralph-process.ts'

t.test('as many statements as were asked for, one per line, the same for the same seed', async (t) => {
  const first = await ralph(t, ['sample', '-n', '450', '--seed', '7'])
  t.match(first, { code: 0, stderr: '' })
  const lines = first.stdout.split('\n')
  t.equal(lines.pop(), '')
  t.equal(lines.length, 450)
  for (const line of lines) t.ok(JSON.parse(line).verb.id)
  t.equal((await ralph(t, ['sample', '-n', '450', '--seed', '7'])).stdout, first.stdout)
  t.not((await ralph(t, ['sample', '-n', '450', '--seed', '8'])).stdout, first.stdout)
})

t.test('none is nothing', async (t) => {
  t.strictSame(await ralph(t, ['sample', '-n', '0']), { code: 0, signal: null, stdout: '', stderr: '' })
})

t.test('a number that is none is a usage error', async (t) => {
  for (const words of [
    ['-n', 'x'],
    ['-n', '-1'],
    ['-n', '1.5'],
    ['--seed', '1e3'],
    ['--xapi-version', '3.0.0']
  ]) {
    t.match(await ralph(t, ['sample', ...words]), { code: 2, stdout: '', stderr: /Error: / }, words.join(' '))
  }
})

t.test('when nobody reads any more, it ends quietly: ralph sample | head', async (t) => {
  const child = startRalph(t, ['sample', '-n', '10000000'])
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const exit = once(child, 'exit')
  await once(child.stdout ?? child, 'data')
  child.stdout?.destroy()
  t.strictSame(await exit, [0, null])
  t.equal(stderr, '')
})

t.test('what is not read is not made: the process waits', async (t) => {
  const child = startRalph(t, ['sample', '-n', '10000000'])
  await once(child.stdout ?? child, 'readable')
  const read = child.stdout?.read(1000)
  t.ok(read)
  t.equal(child.exitCode, null)
})
