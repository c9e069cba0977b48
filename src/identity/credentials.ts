import { type FileHandle, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { hash } from '@node-rs/bcrypt'
import { codeOf, RalphError } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'
import { type AuthFile, disabledMark, problemsOfEntry, readAuthFile, stateOfAuthFile } from './auth-file.ts'

/** A user as in an auth file, in Python Ralph's order of keys. */
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

/** bcrypt uses only this many bytes of a password. */
const longestPassword = 72

const refuse = (problem: string): never => {
  throw new RalphError('INVALID_INPUT', problem)
}

/** Rejects with `INVALID_INPUT` if bcrypt could not tell the password from another one. */
const hashOf = (password: string): Promise<string> => {
  if (password === '') refuse('The password is empty')
  if (Buffer.byteLength(password) > longestPassword) {
    refuse(`The password has more than ${longestPassword} bytes, and bcrypt uses only these`)
  }
  return hash(password, 12)
}

/** Rejects with `INVALID_INPUT` if the user would not be valid in an auth file, or could not log in. */
export const createCredentials = async (user: NewUser): Promise<Credentials> => {
  const { username, password, scopes, agent, target } = user
  // RFC 7617 §2: the first colon ends the name.
  if (username.includes(':'))
    refuse('A username cannot contain ":", because HTTP Basic authentication uses it as the separator')
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

/** The text of an auth file, formatted for people. */
export const formatCredentials = (credentials: unknown): string => JSON.stringify(credentials, null, 2)

/** Milliseconds to wait for another `ralph auth`. */
const patience = 3000

/** Opens the next version of the file. While it exists, no other process writes. */
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

/** A missing or empty file has no users yet. */
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
  if (hasUser(present, username)) refuse(`${present.path} already has a user ${JSON.stringify(username)}`)
}

const requireKnown = (present: AuthFile, username: string): void => {
  if (hasUser(present, username)) return
  const names = present.users.map(({ principal }) => principal.username).join(', ')
  refuse(`${present.path} has no user ${JSON.stringify(username)}; it has: ${names === '' ? 'none' : names}`)
}

/** Refuses like `appendCredentials`, before the user is asked for a password. */
export const requireNewUser = async (path: string, username: string): Promise<void> =>
  requireNew(await readPresent(path), username)

/** Refuses like `changePassword`, before the user is asked for a password. */
export const requireKnownUser = async (path: string, username: string): Promise<void> =>
  requireKnown(await readPresent(path), username)

type Entries = readonly unknown[]

/**
 * Replaces the users by the result of `change`. The file is replaced in one step, so that a server never reads half of it. If it is missing
 * it is made, with its directories. Rejects with `INVALID_AUTH_FILE` if the present file is malformed. Returns the path of the file that
 * was written.
 */
const changeAuthFile = async (path: string, change: (present: AuthFile) => Entries): Promise<string> => {
  const { path: changed } = await readPresent(path)
  await mkdir(dirname(changed), { recursive: true })
  // A symbolic link stays a link.
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

/** Adds a user. Rejects with `INVALID_INPUT` if the name exists. */
export const appendCredentials = (path: string, credentials: Credentials): Promise<string> =>
  changeAuthFile(path, (present) => {
    requireNew(present, credentials.username)
    return [...present.entries, credentials]
  })

/** The user with another hash. `entries` were checked when they were read. */
const withHash = ({ users, entries }: AuthFile, username: string, hashFrom: (present: string) => string): Entries =>
  entries.map((entry, index) => {
    const user = users[index]
    return user?.principal.username === username ? { ...(entry as object), hash: hashFrom(user.hash) } : entry
  })

/** Gives a user a new password, and enables the user. Rejects with `INVALID_INPUT` if the user does not exist. */
export const changePassword = async (path: string, username: string, password: string): Promise<string> => {
  const next = await hashOf(password)
  return changeAuthFile(path, (present) => {
    requireKnown(present, username)
    return withHash(present, username, () => next)
  })
}

/** Enables or disables a user. The password stays. Rejects with `INVALID_INPUT` if the user does not exist. */
export const enableUser = (path: string, username: string, enabled: boolean): Promise<string> =>
  changeAuthFile(path, (present) => {
    requireKnown(present, username)
    return withHash(present, username, (hash) => {
      const bare = hash.startsWith(disabledMark) ? hash.slice(disabledMark.length) : hash
      return enabled ? bare : `${disabledMark}${bare}`
    })
  })

/** Rejects with `INVALID_INPUT` if the user does not exist. */
export const removeUser = (path: string, username: string): Promise<string> =>
  changeAuthFile(path, (present) => {
    requireKnown(present, username)
    return present.entries.filter((_, index) => present.users[index]?.principal.username !== username)
  })
