import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { RunningRalph } from './ralph-process.ts'
import { aUser } from './users.ts'

const [username, secret] = ['jane', 'supersecret']
export const authorization = `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
const jane = await aUser(username, secret)

/** A directory for a server of one user, with this configuration file. */
export const anAppDir = (t: Test, config = '') => {
  const cwd = t.testdir()
  const appDir = join(cwd, 'app')
  mkdirSync(appDir)
  writeFileSync(join(appDir, 'auth.json'), JSON.stringify([jane]), { mode: 0o600 })
  writeFileSync(join(cwd, 'ralph.yml'), config)
  return { cwd, env: { RALPH_APP_DIR: appDir, RALPH_CONFIG: join(cwd, 'ralph.yml') } }
}

export const local: readonly string[] = ['-h', '127.0.0.1', '--log-format', 'json']

export const aStatement = (more: object = {}): object => ({
  actor: { mbox: 'mailto:a@example.org' },
  verb: { id: 'https://example.org/verb' },
  object: { id: 'https://example.org/activity' },
  ...more
})

/** Asks as the user. */
export const ask = async (
  { url }: Pick<RunningRalph, 'url'>,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {}
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: string }> => {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json', 'x-experience-api-version': '1.0.3', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  return { status: answer.status, headers: answer.headers, body: await answer.text() }
}
