import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { idOfWriter, type Said, type Task } from '../support/follow-process.ts'

const program = new URL('../support/follow-process.ts', import.meta.url).pathname

/** RALPH_TEST_FOLLOW: how many statements, while the reader is killed ten times. */
const full = Number(process.env.RALPH_TEST_FOLLOW ?? 0)
const usual = full > 0 ? { total: full, kills: 10 } : { total: 400, kills: 2 }

/** Those that any number of processes may write to; else both writers are in the process of the reader. */
const shared: ReadonlySet<string> = new Set(['es', 'mongo', 'postgres'])

const start = (t: Test, task: Task, heard: (said?: Said) => void): ChildProcess => {
  const child = fork(program, [JSON.stringify(task)], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  t.teardown(() => child.kill('SIGKILL'))
  child.on('message', (said) => heard(said as Said))
  child.once('exit', () => heard())
  return child
}

/** It has ended, and all that it had said was heard. */
const ended = async (child: ChildProcess): Promise<void> => {
  await Promise.all([
    child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined,
    child.connected ? once(child, 'disconnect') : undefined
  ])
}

/**
 * `name` is one of `openers`. Two writers write while the process that follows them is killed again and again; the one
 * after it goes on behind the last batch that was heard of whole. Each statement is given once, in the order of `stored`.
 */
export const followKilledContract = (t: Test, name: string, { total, kills } = usual): void => {
  const title = `${name} gives ${total} statements of two writers once each, while who follows is killed ${kills} times`
  t.test(title, { timeout: 1_800_000 }, async (t) => {
    const began = performance.now()
    const isShared = shared.has(name)
    const directory = t.testdir()
    const perWriter = total / 2
    const writers = [
      { number: 1, next: 0 },
      { number: 2, next: 0 }
    ]
    const given: (readonly [stored: number, id: string])[] = []
    let position: string | null = null
    let changed = Promise.withResolvers<void>()
    const heard = (said?: Said): void => {
      changed.resolve()
      if (said === undefined) return
      if ('wrote' in said) writers.splice(said.wrote - 1, 1, { number: said.wrote, next: said.next })
      if ('position' in said) {
        position = said.position
        given.push(...said.statements)
      }
    }
    const until = async (isSo: () => boolean, ...children: ChildProcess[]): Promise<void> => {
      while (!isSo()) {
        const code = children.find(({ exitCode }) => exitCode !== null)?.exitCode
        if (code !== undefined) throw new Error(`a process ended by itself, with ${code}`)
        changed = Promise.withResolvers()
        await changed.promise
      }
    }
    // Writers get on only when somebody reads, so that every kill meets them at work.
    let allowed = 0
    const task = { backend: name, directory, shift: 0, allowed }
    const alone = isShared
      ? [
          start(t, { ...task, writers: writers.slice(0, 1) }, heard),
          // The clocks of two machines are never the same.
          start(t, { ...task, writers: writers.slice(1), shift: -2_000_000 }, heard)
        ]
      : []
    for (let round = 0; round <= kills; round += 1) {
      let isReady = false
      const reader = start(t, { ...task, allowed, after: position, writers: isShared ? [] : writers }, (said) => {
        isReady ||= said !== undefined && 'ready' in said
        heard(said)
      })
      await until(() => isReady, reader, ...alone)
      allowed = Math.ceil((perWriter * (round + 1)) / (kills + 1))
      for (const child of isShared ? alone : [reader]) child.send(allowed)
      const enough = round === kills ? total : Math.floor((total * (round + 0.5)) / (kills + 1))
      await until(() => given.length >= enough, reader, ...alone)
      reader.kill(round === kills ? 'SIGTERM' : 'SIGKILL')
      await ended(reader)
      if (round === kills) t.equal(reader.exitCode, 0, 'who is told to stop ends well')
    }
    for (const child of alone) {
      child.kill('SIGTERM')
      await ended(child)
      t.equal(child.exitCode, 0)
    }
    t.equal(given.length, total, 'as many as were written')
    const expected = [1, 2].flatMap((writer) =>
      Array.from({ length: perWriter }, (_, index) => idOfWriter(writer, index))
    )
    t.same(given.map(([, id]) => id).sort(), expected.sort(), 'each once')
    const early = given.filter(([stored], index) => stored <= (given[index - 1]?.[0] ?? 0))
    t.same(early, [], 'in the order of stored')
    t.comment(`${Math.round(performance.now() - began)} ms`)
  })
}
