import type { Clock } from '../contracts/clock.ts'
import type { ForwardingStatus } from '../contracts/forwardings.ts'
import type { Log } from '../contracts/log.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import { formatMicros, type Micros } from '../xapi/timestamp.ts'
import type { ForwardProgress } from './forward.ts'

interface Unwell {
  /** For the operator. */
  readonly detail: string
  /** For any client. */
  readonly hint: string
}

/** The progress and the problems of one forwarding of one target. */
export interface RunState {
  readonly progress: ForwardProgress & {
    /** Another server of the store does it, or may do it. */
    elsewhere(): void
  }
  /** Resolves when the position is known, or is known to be unavailable for now. */
  readonly begun: Promise<void>
  status(): ForwardingStatus
  unwell(): Unwell | undefined
  close(): void
}

/** Milliseconds. Of refused statements within this time, one is logged and the others are counted. */
const window = 10_000

export const createState = (
  forwarding: Forwarding,
  target: string | undefined,
  { clock, log }: { readonly clock: Clock; readonly log: Log }
): RunState => {
  const { name, place, isActive } = forwarding
  const what = target === undefined ? name : `${name} (target ${target})`
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  let state: ForwardingStatus['state'] = isActive ? 'ok' : 'inactive'
  let trouble: { readonly detail: string; readonly since: Micros } | undefined
  let oldest: Micros | undefined
  let doneThrough: Micros | undefined
  let [delivered, dead, quiet] = [0, 0, 0]
  let silence: NodeJS.Timeout | undefined

  const sayRefused = (): void => {
    silence = undefined
    if (quiet > 0) log.warn(`Forwarding ${what}: ${quiet} more statements were refused`)
    quiet = 0
  }

  return {
    begun,
    progress: {
      reached: ({ stored }) => {
        doneThrough = stored
        oldest = undefined
        begin()
      },
      working: (stored) => {
        oldest = stored
      },
      delivered: (count) => {
        delivered += count
      },
      refused: (id, reason, isNew) => {
        if (isNew) dead += 1
        if (silence !== undefined) {
          quiet += 1
          return
        }
        log.warn(`Forwarding ${what}: the statement ${id} was refused and is a dead letter: ${reason}`)
        silence = setTimeout(sayRefused, window).unref()
      },
      trouble: (detail, from) => {
        if (trouble?.detail !== detail) log.warn(`Forwarding ${what} waits: ${detail}`)
        trouble = { detail, since: trouble?.since ?? clock() }
        oldest = from ?? oldest
        state = 'trouble'
        begin()
      },
      well: () => {
        if (trouble !== undefined) log.info(`Forwarding ${what} works again`)
        trouble = undefined
        state = 'ok'
        begin()
      },
      deadLetters: (count) => {
        dead = count
      },
      elsewhere: () => {
        state = 'elsewhere'
        begin()
      }
    },
    status: () => ({
      name,
      place,
      target,
      state,
      detail: trouble?.detail,
      since: trouble === undefined ? undefined : formatMicros(trouble.since),
      oldestUndelivered: oldest === undefined ? undefined : formatMicros(oldest),
      lag: oldest === undefined ? 0 : Math.max(0, Math.round((clock() - oldest) / 1e6)),
      delivered,
      deadLetters: dead,
      doneThrough: doneThrough === undefined ? undefined : formatMicros(doneThrough)
    }),
    unwell: () => {
      const letters = dead === 0 ? [] : [`${dead} of its statements were refused`]
      if (state === 'trouble' && trouble !== undefined) {
        const waiting =
          oldest === undefined ? '' : `, the oldest waiting statement was stored at ${formatMicros(oldest)}`
        return {
          detail: [`${what}: ${trouble.detail}${waiting}`, ...letters].join('; '),
          hint: `${name} is waiting, statements are forwarded later`
        }
      }
      if (dead === 0 || state !== 'ok') return undefined
      return { detail: `${what}: ${letters.join()}`, hint: `${name} has statements that were refused` }
    },
    close: () => {
      clearTimeout(silence)
      if (silence !== undefined) sayRefused()
    }
  }
}
