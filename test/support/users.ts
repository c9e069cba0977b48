import { writeFile } from 'node:fs/promises'
import { hash } from '@node-rs/bcrypt'
import type { Log } from '../../src/contracts/log.ts'
import type { IdentitySettings } from '../../src/settings/settings.ts'

export interface UserEntry {
  readonly username: string
  readonly hash: string
  readonly scopes: readonly string[]
  readonly agent: object
  readonly target?: string
}

/** The cheapest cost that bcrypt has. */
const cost = 4

/** A user as an auth file has it, the hash cheap. */
export const aUser = async (username: string, password: string, more: Partial<UserEntry> = {}): Promise<UserEntry> => ({
  agent: { mbox: `mailto:${username}@example.org`, objectType: 'Agent' },
  scopes: ['all'],
  hash: await hash(password, cost),
  username,
  ...more
})

export const writeUsers = (path: string, users: readonly object[]): Promise<void> =>
  writeFile(path, JSON.stringify(users))

export const identitySettings = (authFile: string, more: Partial<IdentitySettings> = {}): IdentitySettings => ({
  authFile,
  cacheMaxSize: 100,
  cacheTtl: 3600,
  allowDemoCredentials: false,
  basic: true,
  keys: true,
  oidc: undefined,
  ...more
})

/** A log that remembers what it was told, as `level message`. */
export const aLog = (): Log & { readonly lines: readonly string[] } => {
  const lines: string[] = []
  const write =
    (level: string) =>
    (message: string): void => {
      lines.push(`${level} ${message}`)
    }
  return { lines, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
