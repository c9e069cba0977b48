import { writeFileSync } from 'node:fs'
import type { Scope } from '../../src/identity/principal.ts'

export const password = 'a password: with colon, and ü'
/** Of that password, and cheap to verify: its cost is 4. */
const hash = '$2b$04$6mYdS/5fke.GfHjXczQBqOWWZVq4XTENEErCmAkQvjE.FcMYWZGxK'

interface UserEntry {
  readonly scopes: readonly Scope[]
  readonly target?: string
}

const users = {
  janedoe: { scopes: ['all'] },
  john: { scopes: ['all'] },
  nobody: { scopes: [] },
  writer: { scopes: ['statements/write'] },
  definer: { scopes: ['statements/write', 'define'] },
  mine: { scopes: ['statements/write', 'statements/read/mine'] },
  reader: { scopes: ['statements/read'] },
  everything_reader: { scopes: ['all/read'] },
  state_reader: { scopes: ['state/read'] },
  state_writer: { scopes: ['state/write'] },
  profile_reader: { scopes: ['profile/read'] },
  profile_writer: { scopes: ['profile/write'] },
  speaker: { scopes: ['statements/write', 'statements/read', 'authority/write'] },
  elsewhere: { scopes: ['all'], target: 'elsewhere' }
} as const satisfies { readonly [username: string]: UserEntry }
export type Username = keyof typeof users

/** The Agent of a user: Authority of what that user stores. */
export const agentOf = (username: string) => ({ mbox: `mailto:${username}@example.org`, name: username })

/** Users that only `Lrs.fresh` gives out, each with a store that nobody else writes to. */
export const freshUsers: readonly (readonly [string, UserEntry])[] = Array.from({ length: 60 }, (_, index) => [
  `fresh_${index}`,
  { scopes: ['all'], target: `fresh_${index}` }
])

/** Targets get a name that no other test uses: on Elasticsearch they are indices beside those of others. */
export const writeAuthFile = (path: string, prefix: string): void => {
  const entries = [...Object.entries<UserEntry>(users), ...freshUsers].map(([username, { scopes, target }]) => ({
    username,
    hash,
    agent: agentOf(username),
    scopes,
    ...(target === undefined ? {} : { target: `${prefix}${target}` })
  }))
  writeFileSync(path, JSON.stringify(entries))
}
