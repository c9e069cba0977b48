import type { PartStatus } from '../../contracts/part.ts'
import { messageOf } from '../../errors.ts'

/** Where a hook sends lines to. */
export interface LineReceiver {
  /** For the operator. */
  readonly place: string
  /** Resolves when the receiver has taken them; gives how many it refused for good. Rejects when it should be tried again. */
  send(lines: readonly string[]): Promise<number>
  close(): void
}

export interface HookOptions {
  readonly name: string
  readonly receiver: LineReceiver
  /** Lines that are kept while the receiver is away. The oldest are dropped. */
  readonly most: number
  readonly warn: (message: string) => void
}

/** Sends the lines of the log somewhere else. Nothing waits for it, and nothing fails with it. */
export interface LogHook {
  readonly name: string
  write(line: string): void
  /** Lines that did not arrive, since the start. */
  dropped(): number
  /** Lines that wait. */
  waiting(): number
  health(): PartStatus
  /** Waits a little until everything is sent. */
  close(): Promise<void>
}

/** Lines that are sent together. */
const together = 500

/** In milliseconds. */
const firstPause = 250
const longestPause = 30_000
const closingTime = 2000

export const startHook = ({ name, receiver, most, warn }: HookOptions): LogHook => {
  let kept: string[] = []
  let lost = 0
  let lostOfTrouble = 0
  let trouble: string | undefined
  let failures = 0
  let sending: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const trim = (): void => {
    if (kept.length <= most) return
    const excess = kept.length - most
    kept = kept.slice(excess)
    lost += excess
    lostOfTrouble += excess
  }

  const failed = (error: unknown): void => {
    if (trouble === undefined) {
      trouble = messageOf(error)
      warn(`The log hook ${name}: ${receiver.place} takes no lines: ${trouble}; trying again`)
    }
    timer = setTimeout(drain, Math.min(longestPause, firstPause * 2 ** failures)).unref()
    failures += 1
  }

  const succeeded = (refused: number): void => {
    lost += refused
    failures = 0
    if (trouble === undefined) return
    trouble = undefined
    warn(`The log hook ${name}: ${receiver.place} takes lines again; ${lostOfTrouble} were dropped meanwhile`)
    lostOfTrouble = 0
  }

  const sendAll = async (): Promise<void> => {
    while (kept.length > 0 && !isClosed) {
      const lines = kept.splice(0, together)
      try {
        succeeded(await receiver.send(lines))
      } catch (error) {
        kept = [...lines, ...kept]
        trim()
        failed(error)
        return
      }
    }
  }

  /** Begins to send, unless it is sending or waits after a failure. */
  function drain(): void {
    timer = undefined
    sending ??= sendAll().finally(() => {
      sending = undefined
      // A line may have come after the last look.
      if (kept.length > 0 && timer === undefined && !isClosed) drain()
    })
  }

  return {
    name,
    write: (line) => {
      if (isClosed) return
      kept.push(line)
      // Cutting the front of a long list for each line would cost too much.
      if (kept.length >= most * 1.1) trim()
      if (sending === undefined && timer === undefined) {
        // Lines of one moment go together.
        timer = setTimeout(drain, 20).unref()
      }
    },
    dropped: () => lost,
    waiting: () => kept.length,
    health: () => {
      if (trouble === undefined) return { state: 'ok' }
      const detail = `the log hook ${name}: ${receiver.place} takes no lines: ${trouble}; ${lost} were dropped`
      return { state: 'degraded', detail, hint: `the log hook ${name} takes no lines` }
    },
    close: async () => {
      clearTimeout(timer)
      if (trouble === undefined) {
        drain()
        const limit = Promise.withResolvers<void>()
        const end = setTimeout(limit.resolve, closingTime)
        await Promise.race([sending, limit.promise])
        clearTimeout(end)
      }
      isClosed = true
      clearTimeout(timer)
      receiver.close()
    }
  }
}
