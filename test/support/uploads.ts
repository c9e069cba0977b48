import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type RalphOptions, type RunningRalph, runserver } from './ralph-process.ts'
import { sent } from './requests.ts'
import { aUser } from './users.ts'

/** All of them have the password `secret`. Paul may not write statements. */
const users = [
  await aUser('jane', 'secret'),
  await aUser('john', 'secret'),
  await aUser('paul', 'secret', { scopes: ['profile/read'] })
]

export const authFile = JSON.stringify(users)

export const as = (username: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:secret`).toString('base64')}`
})

/** Where a server that takes uploads keeps what it has. */
export const aPlace = (t: Test, more: Readonly<Record<string, string>> = {}) => {
  const cwd = t.testdir({ app: { 'auth.json': authFile }, client: {}, temp: {} })
  const env = {
    RALPH_APP_DIR: join(cwd, 'app'),
    RALPH_TEMP_DIR: join(cwd, 'temp'),
    RALPH_IMPORTS_ENABLED: 'true',
    RALPH_LRS_RESTRICT_BY_SCOPES: 'true',
    RALPH_LRS_RESTRICT_BY_AUTHORITY: 'true',
    ...more
  }
  return { cwd, env, uploads: join(cwd, 'temp', 'uploads') }
}

export const start = (t: Test, place: RalphOptions): Promise<RunningRalph> => runserver(t, ['-h', '127.0.0.1'], place)

export const statementsOf = (count: number) => Array.from({ length: count }, () => sent())

/** Statements that do not compress: about `size` bytes of them. */
export const paddedStatements = (size: number) => {
  const count = Math.max(1, Math.round(size / 4500))
  return statementsOf(count).map((each) => ({
    ...each,
    context: { extensions: { 'https://example.org/padding': randomBytes(3000).toString('base64') } }
  }))
}

export const linesOf = (statements: readonly object[]): string =>
  statements.map((each) => `${JSON.stringify(each)}\n`).join('')

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
