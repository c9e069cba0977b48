import type { Test } from 'tap'
import { type Answer, textOf } from './answer.ts'

/** How often somebody else was answered from the first byte of a request to the last of its answer. */
const othersDuring = async (
  lrs: { readonly port: number },
  request: () => Promise<Answer>
): Promise<{ answer: Answer; others: number }> => {
  let answer: Answer | undefined
  const asked = request().then((given) => {
    answer = given
  })
  let others = 0
  while (answer === undefined) {
    const other = await fetch(`http://127.0.0.1:${lrs.port}/xAPI/about`)
    await other.arrayBuffer()
    others += 1
  }
  await asked
  return { answer, others }
}

/** A server that works through a request in one go answers at most three others: before it, and behind it. */
export const requireFair = async (
  t: Test,
  lrs: { readonly port: number },
  what: string,
  status: number,
  request: () => Promise<Answer>
): Promise<Answer> => {
  const { answer, others } = await othersDuring(lrs, request)
  t.equal(answer.status, status, `${what}: ${textOf(answer).slice(0, 200)}`)
  t.ok(others > 3, `${what}: ${others} others were answered`)
  return answer
}
