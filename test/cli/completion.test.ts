import t from 'tap'
import { shell } from '../support/ralph-in-shell.ts'
import { ralph } from '../support/ralph-process.ts'

const candidates = async (t: Parameters<typeof ralph>[0], ...words: readonly string[]): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await ralph(t, ['complete', '--', ...words])
  t.match({ code, stderr }, { code: 0, stderr: '' })
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']))
}

t.test('commands, flags, backends and choices are completed; where names of files belong, nothing is', async (t) => {
  const commands = await candidates(t, '')
  for (const name of ['list', 'read', 'write', 'extract', 'validate', 'convert', 'runserver'])
    t.ok(commands.includes(name), name)
  t.notOk(commands.includes('complete'))
  t.same(await candidates(t, 'rea'), ['read'])
  t.same(await candidates(t, 'read', '-b', 'f'), ['fs'])
  t.same(await candidates(t, 'fetch', '--backend=f'), ['fs'])
  t.same(await candidates(t, 'fetch', '--backend', '=', 'f'), ['fs'])
  t.same(await candidates(t, 'runserver', '-b', 'mem'), ['memory'])
  t.same(await candidates(t, 'extract', '--decompress', 'z'), ['zstd'])
  t.same(await candidates(t, 'completion', 'b'), ['bash'])
  t.same(await candidates(t, 'extract', '--report', ''), [])
  t.same(await candidates(t, 'extract', '-p', 'gelf', ''), [])
})

t.test('once a backend is chosen, the flags of others are not offered', async (t) => {
  const all = await candidates(t, 'read', '--')
  t.ok(all.includes('--fs-default-directory-path') && all.includes('--s3-endpoint-url') && all.includes('--chunk-size'))
  const own = await candidates(t, 'read', '-b', 'fs', '--')
  t.ok(own.includes('--fs-default-directory-path') && own.includes('--chunk-size'))
  t.same(
    own.filter((flag) => flag.startsWith('--s3-')),
    []
  )
})

t.test('bash completes with what ralph completion prints', async (t) => {
  const line =
    'source <(ralph completion bash); COMP_WORDS=(ralph write -b f); COMP_CWORD=3; _ralph; echo "$COMPREPLY"; complete -p ralph'
  t.match(await shell(t, line), { code: 0, stdout: 'fs\ncomplete -o default -F _ralph ralph\n', stderr: '' })
  const safe = 'source <(ralph completion bash); COMP_WORDS=(ralph write "\\$(echo run >&2)" ""); COMP_CWORD=3; _ralph'
  t.match(await shell(t, safe), { code: 0, stderr: '' }, 'nothing of the line is run')
})

t.test('other shells have a script each', async (t) => {
  t.match(await ralph(t, ['completion', 'zsh']), { code: 0, stdout: /^#compdef ralph\n/ })
  t.match(await ralph(t, ['completion', 'fish']), { code: 0, stdout: /complete -c ralph / })
  t.match(await ralph(t, ['completion', 'tcsh']), { code: 2, stderr: /Allowed choices are bash, zsh, fish/ })
})
