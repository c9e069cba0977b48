import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { contentOf, documentsOf, registrationOf, sizeOf } from '../support/batch-writer.ts'
import { aClock } from '../support/clock.ts'
import { allPages } from '../support/judged-store.ts'
import { openers } from '../support/openers.ts'
import { anAttachment } from '../support/statements.ts'
import { readAll } from './attachment-store.ts'
import { contextOf } from './open-backend.ts'

const writer = new URL('../support/batch-writer.ts', import.meta.url).pathname

/** Lets a writer work until it has acknowledged so many batches, kills it, and returns all that it had acknowledged. */
const killAfter = async (child: ChildProcess, count: number): Promise<number[]> => {
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (said.split('\n').length > count) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself after ${said}`)
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(line.split(' ')[0]))
}

/** Batches that are there in part only, and acknowledged ones that are not. */
export const missing = async (
  { statements, attachments, documents }: LrsStore,
  acknowledged: readonly number[],
  last: number
) => {
  const [half, lost]: [number[], number[]] = [[], []]
  for (let batch = 0; batch <= last; batch += 1) {
    const page = await statements.query({ ascending: true, limit: 1000, registration: registrationOf(batch) })
    for (const { text } of page.statements) JSON.parse(text)
    const [there, wanted] = [page.statements.length, sizeOf(batch)]
    if (there !== 0 && there !== wanted) half.push(batch)
    if (there === 0) continue
    const { sha2 } = anAttachment(contentOf(batch))
    const [content] = await readAll(attachments, [sha2])
    if (content === undefined || anAttachment(content.content).sha2 !== sha2) half.push(batch)
  }
  for (const batch of acknowledged) {
    const page = await statements.query({ ascending: true, limit: 1, registration: registrationOf(batch) })
    const document = await documents.get({ ...documentsOf, id: String(batch) })
    if (page.statements.length === 0) lost.push(batch)
    if (document === undefined || Buffer.compare(document.content, contentOf(batch)) !== 0) lost.push(batch)
  }
  return { half, lost }
}

/** RALPH_TEST_KILLS: how many times. */
const defaultRounds = Number(process.env.RALPH_TEST_KILLS ?? 10)

/** `name` is one of `openers`. Decision 14: what was acknowledged survives `kill -9`, and a batch is there whole or not. */
export const killContract = (t: Test, name: string, rounds = defaultRounds): void => {
  t.test(
    `${name} loses nothing that was acknowledged when it is killed, ${rounds} times`,
    { timeout: 600_000 },
    async (t) => {
      const directory = t.testdir()
      const acknowledged: number[] = []
      let [first, slowest] = [0, 0]
      for (let round = 0; round < rounds; round += 1) {
        const child = spawn(
          process.execPath,
          ['--disable-warning=ExperimentalWarning', writer, name, directory, String(first)],
          { stdio: ['ignore', 'pipe', 'inherit'] }
        )
        t.teardown(() => child.kill('SIGKILL'))
        acknowledged.push(...(await killAfter(child, 1 + ((round * 13) % 40))))
        // Four writers have at most one batch each on the way.
        const last = Math.max(...acknowledged) + 4
        const start = performance.now()
        const backend = await openers[name]?.(directory, contextOf(t, aClock().now, directory))
        if (backend === undefined) throw new TypeError(`there is no backend ${name}`)
        const store = await backend.store()
        slowest = Math.max(slowest, performance.now() - start)
        const { half, lost } = await missing(store, acknowledged, last)
        t.same(half, [], `round ${round}: no batch is there in part`)
        t.same(lost, [], `round ${round}: of ${acknowledged.length} acknowledged batches none is lost`)
        const all = await allPages(store, { ascending: true })
        const times = all.map(({ stored }) => stored)
        t.equal(new Set(times).size, times.length, 'no two statements have the same time')
        await backend.close()
        first = last + 1
      }
      // How fast depends on what else the machine does: a figure for people, no judgement.
      t.comment(`opened within ${Math.round(slowest)} ms each time`)
    }
  )
}
