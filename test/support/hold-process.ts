import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const isStopped = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/task`).every((task) => {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')
    // The state follows the name, which is in parentheses and may contain some.
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  })

/** Stops a process of many threads. On a busy machine a thread may still answer after the signal was sent, so each of them is awaited. */
export const holdProcess = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGSTOP')
  while (!isStopped(pid)) await setTimeout(1)
}
