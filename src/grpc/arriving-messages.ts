import {
  type Metadata,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status
} from '@grpc/grpc-js'
import { RalphError } from '../errors.ts'
import type { ByteBudget, Share } from '../http/budget.ts'
import type { ServerSettings } from '../settings/settings.ts'
import { refusalOf } from './refusal.ts'

export interface ArrivingOptions {
  /** For the bytes of callers who are not known yet. */
  readonly anonymous: ByteBudget
  /** For those of users. */
  readonly budget: ByteBudget
  readonly settings: Pick<ServerSettings, 'anonymousTimeout' | 'requestTimeout'>
  /** Rejects if the call has no credentials, or wrong ones. */
  readonly authenticate: (metadata: Metadata, peer: string) => Promise<unknown>
}

/** What puts the frames of a call together. It keeps a message that is not whole, however many others are kept. */
interface Decoder {
  write(frame: Buffer): Buffer[]
}

/** grpc-js has no place for this: a test fails when a later version names these otherwise. */
const insideOf = (call: object): { readonly decoder: Decoder; readonly incomingEncoding: string } => {
  if (!('decoder' in call) || !('incomingEncoding' in call)) {
    throw new RalphError('INTERNAL', 'grpc-js does not let its messages be bounded')
  }
  return call as { readonly decoder: Decoder; readonly incomingEncoding: string }
}

const tooSlow = (seconds: number, setting: string): RalphError =>
  new RalphError('REQUEST_TIMEOUT', `A message did not arrive within the ${seconds} s of ${setting}.`, {
    limit: seconds,
    setting
  })

const asRefusal = (error: unknown): RalphError =>
  error instanceof RalphError ? error : new RalphError('INTERNAL', 'Ralph failed.', {}, { cause: error })

/** One call whose messages are bounded while they arrive. */
const boundCall = (
  call: ServerInterceptingCallInterface,
  needsUser: boolean,
  { anonymous, budget, settings, authenticate }: ArrivingOptions
) => {
  const { decoder, incomingEncoding } = insideOf(call)
  let share: Share | undefined
  let isKnown = false
  let timer: NodeJS.Timeout | undefined

  const refuse = (error: RalphError): void => {
    release()
    call.sendStatus(refusalOf(error))
  }
  const waitFor = (seconds: number, setting: string): void => {
    clearTimeout(timer)
    timer = setTimeout(() => refuse(tooSlow(seconds, setting)), seconds * 1000)
    timer.unref()
  }
  const release = (): void => {
    clearTimeout(timer)
    timer = undefined
    share?.release()
    share = undefined
  }
  const begin = (): Share => {
    if (isKnown) waitFor(settings.requestTimeout, 'RALPH_RUNSERVER_REQUEST_TIMEOUT')
    else waitFor(settings.anonymousTimeout, 'RALPH_RUNSERVER_ANONYMOUS_TIMEOUT')
    return (isKnown ? budget : anonymous).share()
  }

  const write = decoder.write.bind(decoder)
  // What it throws ends the call with RESOURCE_EXHAUSTED.
  decoder.write = (frame) => {
    const messages = write(frame)
    if (messages.length > 0) release()
    else {
      share ??= begin()
      share.take(frame.length)
    }
    return messages
  }

  const listener = new ServerListenerBuilder()
    .withOnReceiveMetadata((metadata, next) => {
      // A few bytes may unpack to as many as a message may have.
      const isPacked = incomingEncoding !== 'identity'
      if (!needsUser && isPacked) {
        call.sendStatus({ code: status.UNIMPLEMENTED, details: 'Messages to this method must not be compressed.' })
        return
      }
      if (!needsUser) return next(metadata)
      // Until it is known who sends, nothing is read.
      authenticate(metadata, call.getPeer()).then(
        () => {
          isKnown = true
          next(metadata)
        },
        // The handler says who was refused, and the log hears of it.
        (error: unknown) => (isPacked ? refuse(asRefusal(error)) : next(metadata))
      )
    })
    .withOnCancel(release)
    .build()
  return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build())
}

/** Methods that anybody may call. */
const isPublic = (path: string): boolean => !/^\/ralph\.v1\.(?!Server\/)/.test(path)

/**
 * Bounds what messages that are not whole make the server hold, as for the bodies of HTTP: those of callers who are not known
 * yet together, those of users together, and the time in which a message must arrive.
 */
export const boundArriving =
  (options: ArrivingOptions): ServerInterceptor =>
  ({ path }, call) =>
    boundCall(call, !isPublic(path), options)
