import { readFile, stat } from 'node:fs/promises'
import { codeOf, messageOf, RalphError } from '../errors.ts'
import { isTarget, targetRule } from '../settings/target.ts'
import { validateAgent } from '../validation/agent.ts'
import type { Agent } from '../xapi/statement.ts'
import { demoHash } from './demo.ts'
import { type Principal, type Scope, scopes } from './principal.ts'

/** One user of the server. */
export interface User {
  readonly principal: Principal
  /** bcrypt, as `$2b$12$…`. */
  readonly hash: string
  /** The user cannot log in until `ralph auth enable`. */
  readonly disabled: boolean
}

/** Changes when the file changes. */
export type FileState = string

/**
 * Comes before the hash of a disabled user, as in the shadow file of Unix. No password has such a hash, neither here nor in Python Ralph.
 */
export const disabledMark = '!'

const hashForm = /^!?\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/
const knownKeys = new Set(['agent', 'scopes', 'hash', 'username', 'target'])

interface Entry {
  readonly [key: string]: unknown
  readonly username?: unknown
  readonly hash?: unknown
  readonly scopes?: unknown
  readonly agent?: unknown
  readonly target?: unknown
}
const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Python Ralph 4 and 5.0 write null for missing values. */
const withoutNulls = (entry: Entry): Entry =>
  Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null))

const agentProblems = (value: unknown): readonly string[] => {
  if (value === undefined) return ['agent is missing']
  if (!isEntry(value)) return ['agent must be an object']
  return validateAgent(withoutNulls(value), '1.0.3', 'agent').map(
    ({ pointer, expected }) => `agent${pointer}: ${expected}`
  )
}

const scopeProblems = (value: unknown): readonly string[] => {
  if (!Array.isArray(value)) return ['scopes must be a list']
  const unknown = value.filter((scope) => !scopes.some((known) => known === scope))
  return unknown.map((scope) => `${JSON.stringify(scope)} is not a scope; scopes are ${scopes.join(', ')}`)
}

const textProblems = (entry: Entry, key: string): readonly string[] =>
  typeof entry[key] === 'string' && entry[key] !== '' ? [] : [`${key} must be a string that is not empty`]

const hashProblems = ({ hash }: Entry): readonly string[] =>
  typeof hash === 'string' && hashForm.test(hash) ? [] : ['hash must be a bcrypt hash ($2b$…)']

const targetProblems = (target: unknown): readonly string[] => {
  if (target === undefined) return []
  if (typeof target !== 'string') return ['target must be a string']
  return isTarget(target) ? [] : [`the target ${JSON.stringify(target.slice(0, 120))} must be ${targetRule}`]
}

/** The problems of one user of an auth file. */
export const problemsOfEntry = (entry: Entry): readonly string[] => [
  ...textProblems(entry, 'username'),
  ...hashProblems(entry),
  ...scopeProblems(entry.scopes),
  ...agentProblems(entry.agent),
  ...targetProblems(entry.target)
]

const asUser = (entry: Entry): User => ({
  // `problemsOfEntry` has checked all of these.
  hash: entry.hash as string,
  disabled: (entry.hash as string).startsWith(disabledMark),
  principal: {
    username: entry.username as string,
    scopes: entry.scopes as readonly Scope[],
    agent: { objectType: 'Agent', ...withoutNulls(entry.agent as Entry) } as Agent,
    ...(entry.target === undefined ? {} : { target: entry.target as string })
  }
})

/** Names the user for a message. The hash is never in a message. */
const nameOf = (entry: unknown, index: number): string =>
  isEntry(entry) && typeof entry.username === 'string' ? `user ${JSON.stringify(entry.username)}` : `user ${index + 1}`

const mostProblems = 5

/** Names only a few of the problems: a file may be wrong in every line. */
export const invalidAuthFile = (path: string, problems: readonly string[], cause?: unknown): RalphError => {
  const more = problems.length > mostProblems ? `; and ${problems.length - mostProblems} more` : ''
  return new RalphError(
    'INVALID_AUTH_FILE',
    `The auth file ${path} is not valid: ${problems.slice(0, mostProblems).join('; ')}${more}`,
    { path, problemCount: problems.length },
    { cause }
  )
}

export interface AuthFileContent {
  readonly users: readonly User[]
  /** The content of the file, so that it can be written again with changes. */
  readonly entries: readonly unknown[]
  /** What does not make the file invalid, but is probably a mistake. */
  readonly warnings: readonly string[]
}

/** Throws `INVALID_AUTH_FILE`, with the user and what is wrong. */
export const parseAuthFile = (text: string, path: string): AuthFileContent => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    // The parser's message quotes the text, which may be a hash.
    const position =
      cause instanceof Error ? /(at position \d+[^,]*|end of JSON input)/.exec(cause.message)?.[0] : undefined
    throw invalidAuthFile(path, [`it is not valid JSON${position === undefined ? '' : ` (${position})`}`])
  }
  if (!Array.isArray(parsed)) throw invalidAuthFile(path, ['it must be a JSON list of users'])
  const problems: string[] = []
  const warnings: string[] = []
  const users = new Map<string, User>()
  for (const [index, entry] of parsed.entries()) {
    const name = nameOf(entry, index)
    const own = isEntry(entry) ? problemsOfEntry(withoutNulls(entry)) : ['must be an object']
    problems.push(...own.map((problem) => `${name}: ${problem}`))
    if (own.length > 0 || !isEntry(entry)) continue
    for (const key of Object.keys(entry)) if (!knownKeys.has(key)) warnings.push(`${name}: ${key} has no meaning`)
    const user = asUser(withoutNulls(entry))
    if (users.has(user.principal.username)) problems.push(`${name}: there are two users with this name`)
    users.set(user.principal.username, user)
  }
  if (problems.length > 0) throw invalidAuthFile(path, problems)
  return { users: [...users.values()], entries: parsed, warnings }
}

/**
 * `.ralph/auth.json` of a checkout is a file of the project, with the user of the demo. Changes of people go into this copy beside it. Git
 * ignores the copy, and it is read instead as soon as it exists.
 */
const localCopyOf = (path: string): string => path.replace(/(\.json)?$/, '.local.json')

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'

const stateOf = async (path: string, shown: string): Promise<FileState | undefined> => {
  try {
    const found = await stat(path, { bigint: true })
    // Reading a pipe or a device could wait for ever.
    if (!found.isFile()) throw invalidAuthFile(shown, ['it must be a file'])
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
  } catch (error) {
    if (error instanceof RalphError) throw error
    if (isMissing(error)) return undefined
    throw invalidAuthFile(shown, [messageOf(error)], error)
  }
}

/** Undefined: the file does not exist. Throws `INVALID_AUTH_FILE` if it cannot be examined, or is not a file. */
export const stateOfAuthFile = async (path: string): Promise<FileState | undefined> => {
  const [state, local] = await Promise.all([stateOf(path, path), stateOf(localCopyOf(path), localCopyOf(path))])
  return state && `${state} ${local ?? ''}`
}

const writableByAll = 0o002

/** Windows has no such modes. */
const warningsOfMode = async (path: string): Promise<readonly string[]> => {
  if (process.platform === 'win32' || ((await stat(path)).mode & writableByAll) === 0) return []
  return [
    `everybody on this machine can write to it, and so anybody can log in as any user: chmod o-w ${JSON.stringify(path)}`
  ]
}

const readContent = async (path: string): Promise<AuthFileContent> => {
  const content = parseAuthFile((await readFile(path, 'utf8')).replace(/^\ufeff/, ''), path)
  return { ...content, warnings: [...(await warningsOfMode(path)), ...content.warnings] }
}

const isShipped = ({ users }: AuthFileContent): boolean => users.some(({ hash }) => hash === demoHash)

/** The file that `ralph auth` changes is the one that is read: `path` itself, or the copy of the shipped one. */
export interface AuthFile extends AuthFileContent {
  readonly path: string
}

/** Throws `INVALID_AUTH_FILE` if it cannot be read or is malformed. */
export const readAuthFile = async (path: string): Promise<AuthFile> => {
  try {
    const content = await readContent(path)
    if (!isShipped(content)) return { ...content, path }
    const local = localCopyOf(path)
    return await readContent(local).then(
      (copy) => ({ ...copy, path: local }),
      (error: unknown) => {
        if (isMissing(error)) return { ...content, path: local }
        throw error
      }
    )
  } catch (error) {
    if (error instanceof RalphError) throw error
    throw invalidAuthFile(path, [messageOf(error)], error)
  }
}
