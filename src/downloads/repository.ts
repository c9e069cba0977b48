import { execFile } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { codeOf, RalphError } from '../errors.ts'
import { environmentOfPrograms } from '../settings/sources.ts'
import { type DownloadSource, withoutCredentials } from './source.ts'

interface RepositoryOptions {
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

type Program = 'git' | 'hg'

const environments: { readonly [program in Program]: Readonly<Record<string, string>> } = {
  // It must not ask a person, and a URL must not name a program (ext::).
  git: {
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    LC_ALL: 'C'
  },
  // The repository's own configuration, and options between arguments, must have no effect.
  hg: { HGPLAIN: '+strictflags', LC_ALL: 'C' }
}

/** Runs a program without a shell. Throws `INVALID_SETTING` if it is not installed. */
const run = async (program: Program, args: readonly string[], { signal }: RepositoryOptions): Promise<void> => {
  try {
    await promisify(execFile)(program, [...args], {
      env: environmentOfPrograms(environments[program]),
      maxBuffer: 2 ** 26,
      ...(signal === undefined ? {} : { signal })
    })
  } catch (error) {
    signal?.throwIfAborted()
    if (codeOf(error) === 'ENOENT') {
      const called = program === 'git' ? 'git' : 'hg (Mercurial)'
      throw new RalphError(
        'INVALID_SETTING',
        `this URL needs the program ${called}, which is not installed here`,
        { program },
        { cause: error }
      )
    }
    throw error
  }
}

/** The last output of the program, which has the reason for the failure. */
const saidBy = (error: unknown): string => {
  const said = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : ''
  const lines = said.split('\n').filter((line) => /^(fatal|error|abort|remote|ssh):/i.test(line))
  return withoutCredentials(lines.slice(0, 3).join('; ') || said.trim().split('\n').slice(-3).join('; '))
}

const failed = (source: DownloadSource, error: unknown): unknown => {
  if (error instanceof RalphError || !(error instanceof Error)) return error
  const said = saidBy(error)
  const place = withoutCredentials(source.url.href)
  const isAbsent =
    /not found|does not exist|does not appear to be|couldn't find remote ref|unknown revision|pathspec|no such/i.test(
      said
    )
  const isRefused = /authentication failed|could not read username|permission denied|authorization/i.test(said)
  const code = isRefused ? 'UNAUTHENTICATED' : isAbsent ? 'NOT_FOUND' : 'STORE_UNAVAILABLE'
  return new RalphError(code, `${place}: ${said}`, {}, { cause: error })
}

/** The programs expect a directory as a path. */
const addressOf = ({ url }: DownloadSource): string => (url.protocol === 'file:' ? fileURLToPath(url) : url.href)

const isCommit = (ref: string): boolean => /^[0-9a-f]{7,64}$/i.test(ref)

const fetchGit = async (source: DownloadSource, into: string, options: RepositoryOptions): Promise<void> => {
  const address = addressOf(source)
  const seconds = String(Math.max(1, Math.ceil(options.timeout / 1000)))
  const guards = [
    ...['-c', 'protocol.ext.allow=never', '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'],
    ...['-c', `http.lowSpeedLimit=1`, '-c', `http.lowSpeedTime=${seconds}`, '-c', 'advice.detachedHead=false']
  ]
  const git = (...args: readonly string[]): Promise<void> => run('git', [...guards, '-C', into, ...args], options)
  await run('git', [...guards, 'init', '--quiet', '--template=', '--', into], options)
  const { ref = 'HEAD' } = source
  try {
    await git('fetch', '--quiet', '--no-tags', '--depth=1', '--', address, ref)
    await git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
  } catch (error) {
    if (!isCommit(ref) || error instanceof RalphError) throw error
    // Not every server can send a commit by its name, and none can by a shortened one.
    await git('fetch', '--quiet', '--', address, '+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*')
    await git('checkout', '--quiet', '--detach', ref, '--')
  }
  await rm(join(into, '.git'), { recursive: true, force: true })
}

const fetchHg = async (source: DownloadSource, into: string, options: RepositoryOptions): Promise<void> => {
  const guards = ['--noninteractive', '--config', 'ui.ssh=ssh -oBatchMode=yes', '--config', 'ui.interactive=false']
  const which = source.ref === undefined ? [] : ['--updaterev', source.ref]
  await rm(into, { recursive: true, force: true })
  await run('hg', [...guards, 'clone', '--quiet', '--pull', ...which, '--', addressOf(source), into], options)
  await rm(join(into, '.hg'), { recursive: true, force: true })
}

/** The files of a repository at one commit, without its history. Submodules are not fetched. */
export const fetchRepository = async (
  source: DownloadSource,
  into: string,
  options: RepositoryOptions
): Promise<void> => {
  await rm(into, { recursive: true, force: true })
  await mkdir(into, { recursive: true, mode: 0o700 })
  try {
    if (source.getter === 'git') await fetchGit(source, into, options)
    else await fetchHg(source, into, options)
  } catch (error) {
    throw failed(source, error)
  }
}
