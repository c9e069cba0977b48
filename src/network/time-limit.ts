import { type ErrorDetails, RalphError } from '../errors.ts'
import { parameter } from '../settings/define.ts'
import { integer } from '../settings/kinds.ts'

/** Milliseconds after which an engine that says nothing is given up, unless a setting says otherwise. */
export const defaultTimeout = 10_000

const timeLimit = (milliseconds: number, description: string) =>
  parameter('TIMEOUT', { kind: integer(100, 3_600_000), default: milliseconds, description })

/** The same setting of every engine. `engine` is its name for people. */
export const timeoutParameter = (engine: string) =>
  timeLimit(
    defaultTimeout,
    `Milliseconds without an answer of ${engine} after which a request is given up; to clients that is 503.`
  )

/**
 * The same setting of a server that only commands ask. An object storage may be silent for long while it puts a large
 * object together, so that its default is longer.
 */
export const silenceParameter = (server: string, milliseconds: number = defaultTimeout) =>
  timeLimit(milliseconds, `Milliseconds without a byte of ${server} after which a request is given up.`)

/** The engine did not answer in time: what became of the request nobody knows. For the details of an error. */
export const givenUp = { retryAfter: 1, setting: 'TIMEOUT' } as const

export const isGivenUp = ({ setting }: ErrorDetails): boolean => setting === givenUp.setting

/** What is said of it, after the name of the engine. */
export const unanswered = 'does not answer in time: look whether it hangs, or raise TIMEOUT'

/** `STORE_UNAVAILABLE`: what was asked has not answered in time, and is not asked again. `place` names it. */
export const gaveUp = (place: string, cause?: unknown): RalphError =>
  new RalphError('STORE_UNAVAILABLE', `${place} ${unanswered}`, givenUp, { cause })

/**
 * Runs `work` until nothing was heard for so many milliseconds: then its signal is aborted, and what it rejects with is
 * `gaveUp`. `work` says what it hears.
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
