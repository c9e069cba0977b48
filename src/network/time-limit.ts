import { type ErrorDetails, RalphError } from '../errors.ts'
import { parameter } from '../settings/define.ts'
import { integer } from '../settings/kinds.ts'

/** Milliseconds without an answer of an engine after which a request is given up, unless a setting says otherwise. */
export const defaultTimeout = 10_000

const timeLimit = (milliseconds: number, description: string) =>
  parameter('TIMEOUT', { kind: integer(100, 3_600_000), default: milliseconds, description })

/** The same setting for every engine. `engine` is its name for people. */
export const timeoutParameter = (engine: string) =>
  timeLimit(
    defaultTimeout,
    `Milliseconds without an answer of ${engine} after which a request is given up. Clients then get 503.`
  )

/**
 * The same setting for a server that only commands use. An object storage may be silent for a long time while it assembles a large object,
 * so the default is longer.
 */
export const silenceParameter = (server: string, milliseconds: number = defaultTimeout) =>
  timeLimit(milliseconds, `Milliseconds without a byte of ${server} after which a request is given up.`)

/** Details of the error that the engine did not answer in time. The result of the request is unknown. */
export const givenUp = { retryAfter: 1, setting: 'TIMEOUT' } as const

export const isGivenUp = ({ setting }: ErrorDetails): boolean => setting === givenUp.setting

/** Follows the name of the engine in the message. */
export const unanswered = 'does not answer in time: look whether it hangs, or raise TIMEOUT'

/** `STORE_UNAVAILABLE`: the request was not answered in time, and is not repeated. `place` names the server. */
export const gaveUp = (place: string, cause?: unknown): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `${place} ${unanswered}`, givenUp, { cause })

/**
 * Runs `work` until it has reported nothing for this many milliseconds. Then its signal is aborted, and its error is replaced by `gaveUp`.
 * `work` reports whenever bytes arrive.
 */
export const whileHeard = async <Result>(
  {
    place,
    timeout,
    signal
  }: { readonly place: string; readonly timeout: number; readonly signal?: AbortSignal | undefined },
  work: (signal: AbortSignal, heard: () => void) => Promise<Result>
): Promise<Result> => {
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(), timeout)
  try {
    return await work(signal === undefined ? silent.signal : AbortSignal.any([signal, silent.signal]), () =>
      timer.refresh()
    )
  } catch (error) {
    signal?.throwIfAborted()
    throw silent.signal.aborted ? gaveUp(place, error) : error
  } finally {
    clearTimeout(timer)
  }
}
