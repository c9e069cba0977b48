import { type FileHandle, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { hash } from '@node-rs/bcrypt'
import { codeOf, RalphError } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'
import { type AuthFile, disabledMark, problemsOfEntry, readAuthFile, stateOfAuthFile } from './auth-file.ts'

/** A user as auth files hold it, in Ralph's order of keys. */
export interface Credentials {
  readonly agent: Agent
  readonly scopes: readonly string[]
  readonly target?: string
  readonly hash: string
  readonly username: string
}

export interface NewUser {
  readonly username: string
  readonly password: string
  readonly scopes: readonly string[]
  readonly agent: Agent
  readonly target?: string
}

/** Bytes of a password that bcrypt looks at. */
const longestPassword = 72

const refuse = (problem: string): never => {
  throw new RalphError('INVALID_INPUT', problem)
}

/** `INVALID_INPUT` when bcrypt could not tell it from another one. */
const hashOf = (password: string): Promise<string> => {
  if (password === '') refuse('The password is empty')
  if (Buffer.byteLength(password) > longestPassword) {
    refuse(`The password has more than ${longestPassword} bytes, and bcrypt looks at no more than these`)
  }
  return hash(password, 12)
}

/** `INVALID_INPUT` when it would be no valid user of an auth file, or could never log in as meant. */
export const createCredentials = async (user: NewUser): Promise<Credentials> => {
  const { username, password, scopes, agent, target } = user
  // RFC 7617 §2: the first colon ends the name.
  if (username.includes(':')) refuse('A username cannot contain ":", because HTTP Basic authentication separates by it')
  const credentials: Credentials = {
    agent,
    scopes,
    ...(target === undefined ? {} : { target }),
    hash: await hashOf(password),
    username
  }
  const problems = problemsOfEntry({ ...credentials })
  if (problems.length > 0) refuse(problems.join('; '))
  return credentials
}

/** How an auth file is written: readable by people. */
export const formatCredentials = (credentials: unknown): string => JSON.stringify(credentials, null, 2)

/** Milliseconds for which another `ralph auth` is waited for. */
const patience = 3000

/** The next version of the file; that it is there keeps others from writing at the same time. */
const openNext = async (path: string): Promise<FileHandle> => {
  for (const until = performance.now() + patience; ; await wait(20)) {
    try {
      return await open(path, 'wx', 0o600)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      if (performance.now() > until) {
        throw new RalphError('INVALID_AUTH_FILE', `${path} is in the way: remove it unless "ralph auth" is at work`)
      }
    }
  }
}

/** Of a file that is missing or empty: it has no users yet. */
const readPresent = async (path: string): Promise<AuthFile> => {
  const state = await stateOfAuthFile(path)
  const isEmpty = state === undefined || (await readFile(path, 'utf8')).trim() === ''
  return isEmpty ? { path, users: [], entries: [], warnings: [] } : readAuthFile(path)
}

const modeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).mode & 0o777
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0o600
    throw error
  }
}

const hasUser = ({ users }: AuthFile, username: string): boolean =>
  users.some(({ principal }) => principal.username === username)

const requireNew = (present: AuthFile, username: string): void => {
  if (hasUser(present, username)) refuse(`${present.path} has a user ${JSON.stringify(username)} already`)
}

const requireKnown = (present: AuthFile, username: string): void => {
  if (hasUser(present, username)) return
  const names = present.users.map(({ principal }) => principal.username).join(', ')
  refuse(`${present.path} has no user ${JSON.stringify(username)}; it has: ${names === '' ? 'none' : names}`)
}

/** Refuses as `appendCredentials` will, before anybody is asked for a password. */
export const requireNewUser = async (path: string, username: string): Promise<void> =>
  requireNew(await readPresent(path), username)

/** Refuses as changing that user will, before anybody is asked for a password. */
export const requireKnownUser = async (path: string, username: string): Promise<void> =>
  requireKnown(await readPresent(path), username)

type Entries = readonly unknown[]

/**
 * Writes what `change` makes of the users that are there. The file is replaced in one step, so that a server never
 * reads half of it; it is made if it is missing, with the directories above it. `INVALID_AUTH_FILE` when what is there
 * is malformed. Returns the path of the file that was written.
 */
const changeAuthFile = async (path: string, change: (present: AuthFile) => Entries): Promise<string> => {
  const { path: changed } = await readPresent(path)
  await mkdir(dirname(changed), { recursive: true })
  // A link stays a link.
  const file = await realpath(changed).catch(() => changed)
  const nextFile = `${file}.new`
  const next = await openNext(nextFile)
  try {
    const entries = change(await readPresent(path))
    await next.writeFile(formatCredentials(entries))
    await next.chmod(await modeOf(file))
    await next.sync()
    await rename(nextFile, file)
  } catch (error) {
    await rm(nextFile, { force: true })
    throw error
  } finally {
    await next.close()
  }
  return changed
}

/** Adds a user. `INVALID_INPUT` when there is one of this name. */
export const appendCredentials = (path: string, credentials: Credentials): Promise<string> =>
  changeAuthFile(path, (present) => {
    requireNew(present, credentials.username)
    return [...present.entries, credentials]
  })

/** What stays of a user when only the hash is another one: `entries` were judged when they were read. */
const withHash = ({ users, entries }: AuthFile, username: string, hashFrom: (present: string) => string): Entries =>
  entries.map((entry, index) => {
    const user = users[index]
    return user?.principal.username === username ? { ...(entry as object), hash: hashFrom(user.hash) } : entry
  })

/** Gives a user a new password, which also enables it. `INVALID_INPUT` when there is no such user. */
export const changePassword = async (path: string, username: string, password: string): Promise<string> => {
  const next = await hashOf(password)
  return changeAuthFile(path, (present) => {
    requireKnown(present, username)
    return withHash(present, username, () => next)
  })
}

/** Lets a user log in, or not, with the password as it is. `INVALID_INPUT` when there is no such user. */
export const enableUser = (path: string, username: string, enabled: boolean): Promise<string> =>
  changeAuthFile(path, (present) => {
    requireKnown(present, username)
    return withHash(present, username, (hash) => {
      const bare = hash.startsWith(disabledMark) ? hash.slice(disabledMark.length) : hash
      return enabled ? bare : `${disabledMark}${bare}`
    })
  })

/** `INVALID_INPUT` when there is no such user. */
export const removeUser = (path: string, username: string): Promise<string> =>
  changeAuthFile(path, (present) => {
    requireKnown(present, username)
    return present.entries.filter((_, index) => present.users[index]?.principal.username !== username)
  })
