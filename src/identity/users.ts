import type { Log } from '../contracts/log.ts'
import { messageOf, RalphError } from '../errors.ts'
import { type FileState, readAuthFile, stateOfAuthFile, type User } from './auth-file.ts'
import { newUserCommand } from './new-user-command.ts'

/** The users of the present auth file. */
export interface Users {
  /** Checks whether the file has changed, at most once a second. It never rejects. */
  refresh(): Promise<void> | undefined
  find(username: string): User | undefined
  /** The problem of the present file, while the earlier users stay valid. */
  problem(): string | undefined
}

/** Milliseconds between two checks of the file. */
const interval = 1000

const missing = (path: string): RalphError =>
  new RalphError(
    'INVALID_AUTH_FILE',
    `There is no auth file ${path}. Make it with a first user: ${newUserCommand(path)}`,
    { path }
  )

const byName = (users: readonly User[]): ReadonlyMap<string, User> =>
  new Map(users.map((user) => [user.principal.username, user]))

/**
 * Reads the file, and reads it again when it changes. While a changed file is missing or broken, the last known users stay, and the log
 * says why. Rejects with `INVALID_AUTH_FILE` if it is missing or broken at the start.
 * @param onChange called with all users that may log in, at the start and after every change
 */
export const openUsers = async (
  path: string,
  log: Log,
  onChange: (users: readonly User[]) => void = () => {}
): Promise<Users> => {
  let users: ReadonlyMap<string, User> = new Map()
  let state: FileState | undefined
  let looked = performance.now()
  let looking: Promise<void> | undefined
  let problem: string | undefined

  const read = async (): Promise<void> => {
    const content = await readAuthFile(path)
    for (const warning of content.warnings) log.warn(`The auth file ${content.path}: ${warning}`)
    const enabled = content.users.filter(({ disabled }) => !disabled)
    users = byName(enabled)
    onChange(enabled)
  }

  const look = async (): Promise<void> => {
    try {
      const found = await stateOfAuthFile(path)
      if (found === state) return
      // Kept even if the file is broken: it is read again after the next change.
      state = found
      if (found === undefined) throw missing(path)
      await read()
      problem = undefined
      log.info(`The auth file ${path} has changed and was read again: ${users.size} users`)
    } catch (error) {
      problem = `${messageOf(error)} The earlier users stay valid.`
      log.error(problem)
    }
  }

  state = await stateOfAuthFile(path)
  if (state === undefined) throw missing(path)
  await read()
  if (users.size === 0)
    log.warn(`The auth file ${path} has no users that may log in: make one: ${newUserCommand(path)}`)

  return {
    refresh: () => {
      if (looking === undefined && performance.now() - looked >= interval) {
        looking = look().finally(() => {
          looked = performance.now()
          looking = undefined
        })
      }
      return looking
    },
    find: (username) => users.get(username),
    problem: () => problem
  }
}
