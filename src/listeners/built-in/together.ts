import type { DeliveredStatement, DeliveryReport } from '../../contracts/imports.ts'

/** What of a message's statements was refused. */
type Reasons = readonly string[]

interface Waiting {
  readonly statements: readonly DeliveredStatement[]
  resolve(refused: Reasons): void
  reject(error: unknown): void
}

/** Of one write, about: a message is not cut in two. */
const mostAtOnce = 500

/**
 * Writes the statements of several messages together: what comes while one write is under way goes with the next one. Each
 * resolves when its own statements are durable.
 */
export const createTogether = (
  deliver: (statements: readonly DeliveredStatement[]) => Promise<DeliveryReport>
): ((statements: readonly DeliveredStatement[]) => Promise<Reasons>) => {
  const waiting: Waiting[] = []
  let working = false

  const next = (): readonly Waiting[] => {
    let [count, size] = [0, 0]
    for (const { statements } of waiting) {
      if (count > 0 && size + statements.length > mostAtOnce) break
      count += 1
      size += statements.length
    }
    return waiting.splice(0, count)
  }

  const write = async (taken: readonly Waiting[]): Promise<void> => {
    try {
      const { rejected } = await deliver(taken.flatMap(({ statements }) => statements))
      let first = 0
      for (const { statements, resolve } of taken) {
        const end = first + statements.length
        resolve(rejected.flatMap(({ index, reason }) => (index >= first && index < end ? [reason] : [])))
        first = end
      }
    } catch (error) {
      for (const { reject } of taken) reject(error)
    }
  }

  const work = async (): Promise<void> => {
    working = true
    // What arrives in the same moment goes together.
    await undefined
    while (waiting.length > 0) await write(next())
    working = false
  }

  return (statements) =>
    new Promise((resolve, reject) => {
      waiting.push({ statements, resolve, reject })
      if (!working) void work()
    })
}
