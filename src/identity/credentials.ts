import { type FileHandle, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { hash } from '@node-rs/bcrypt'
import { RalphError } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'
import { type AuthFileContent, parseAuthFile, problemsOfEntry } from './auth-file.ts'

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

/** `INVALID_INPUT` when it would be no valid user of an auth file, or could never log in as meant. */
export const createCredentials = async (user: NewUser): Promise<Credentials> => {
  const { username, password, scopes, agent, target } = user
  // RFC 7617 §2: the first colon ends the name.
  if (username.includes(':')) refuse('A username cannot contain ":", because HTTP Basic authentication separates by it')
  if (password === '') refuse('The password is empty')
  if (Buffer.byteLength(password) > longestPassword) {
    refuse(`The password has more than ${longestPassword} bytes, and bcrypt looks at no more than these`)
  }
  const credentials: Credentials = {
    agent,
    scopes,
    ...(target === undefined ? {} : { target }),
    hash: await hash(password, 12),
    username
  }
  const problems = problemsOfEntry({ ...credentials })
  if (problems.length > 0) refuse(problems.join('; '))
  return credentials
}

/** How an auth file is written: readable by people. */
export const formatCredentials = (credentials: unknown): string => JSON.stringify(credentials, null, 2)

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const readPresent = async (path: string): Promise<{ readonly text: string; readonly mode: number }> => {
  try {
    return { text: await readFile(path, 'utf8'), mode: (await stat(path)).mode & 0o777 }
  } catch (error) {
    if (isCode(error, 'ENOENT')) return { text: '', mode: 0o600 }
    throw error
  }
}

/** Milliseconds for which another `ralph auth` is waited for. */
const patience = 3000

/** The next version of the file; that it is there keeps others from writing at the same time. */
const openNext = async (path: string): Promise<FileHandle> => {
  for (const until = performance.now() + patience; ; await wait(20)) {
    try {
      return await open(path, 'wx', 0o600)
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
      if (performance.now() > until) {
        throw new RalphError('INVALID_AUTH_FILE', `${path} is in the way: remove it unless "ralph auth" is at work`)
      }
    }
  }
}

const requireNew = (path: string, { users }: Pick<AuthFileContent, 'users'>, username: string): void => {
  if (users.some(({ asker }) => asker.username === username)) {
    throw new RalphError('INVALID_INPUT', `${path} has a user ${JSON.stringify(username)} already`)
  }
}

const parsePresent = (text: string, path: string): Pick<AuthFileContent, 'users' | 'entries'> =>
  text.trim() === '' ? { entries: [], users: [] } : parseAuthFile(text, path)

/** Refuses as `appendCredentials` will, before anybody is asked for a password. */
export const requireNewUser = async (path: string, username: string): Promise<void> => {
  const { text } = await readPresent(path)
  requireNew(path, parsePresent(text, path), username)
}

/**
 * Appends a user to an auth file, which is made if it is missing, with the directories above it. It is replaced in
 * one step, so that a server never reads half of it. `INVALID_AUTH_FILE` when what is there is malformed,
 * `INVALID_INPUT` when it has a user of this name.
 */
export const appendCredentials = async (path: string, credentials: Credentials): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  // A link stays a link.
  const file = await realpath(path).catch(() => path)
  const nextFile = `${file}.new`
  const next = await openNext(nextFile)
  try {
    const { text, mode } = await readPresent(file)
    const present = parsePresent(text, path)
    requireNew(path, present, credentials.username)
    await next.writeFile(formatCredentials([...present.entries, credentials]))
    await next.chmod(mode)
    await next.sync()
    await rename(nextFile, file)
  } catch (error) {
    await rm(nextFile, { force: true })
    throw error
  } finally {
    await next.close()
  }
}
