import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { compileCache, type RalphOptions, type RalphResult } from './ralph-process.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Runs a line of bash in which `ralph` is ours. */
export const shell = async (t: Test, line: string, options: RalphOptions = {}): Promise<RalphResult> => {
  const script = `set -o pipefail; ralph() { ${JSON.stringify(process.execPath)} ${JSON.stringify(main)} "$@"; }; ${line}`
  const child = spawn('bash', ['-c', script], {
    cwd: options.cwd ?? t.testdir(),
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...compileCache, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true
  })
  t.teardown(() => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid)
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.stdin.end(options.input ?? '')
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr }
}
