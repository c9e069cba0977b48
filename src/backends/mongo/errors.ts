import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoWriteConcernError
} from 'mongodb'
import { RalphError } from '../../errors.ts'
import { givenUp, unanswered } from '../../network/time-limit.ts'

/** The codes of a server that cannot answer now but will later (mongodb: error_codes.yml). */
const away: ReadonlySet<number> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  50, // MaxTimeMSExpired
  64, // WriteConcernFailed
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  262, // ExceededTimeLimit
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436 // NotPrimaryOrSecondary
])

const full: ReadonlySet<number> = new Set([
  14031, // OutOfDiskSpace
  12501, // quota exceeded
  17276 // the disk is read-only
])

const unauthorized = 13
const authenticationFailed = 18
const duplicateKey = 11_000
const tooLarge: ReadonlySet<number> = new Set([10334, 17280, 17419, 17420])

/** No message contains the password of the connection string. */
const unavailable = (message: string, cause: unknown): RalphError =>
  new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1 }, { cause })

const ofServer = (error: MongoServerError): unknown => {
  const code = typeof error.code === 'number' ? error.code : 0
  if (full.has(code) || /no space left on device|disk full/i.test(error.message)) {
    return new RalphError('STORE_FULL', 'MongoDB cannot store anything: its disk is full', {}, { cause: error })
  }
  if (away.has(code) || error instanceof MongoWriteConcernError) {
    return unavailable(`MongoDB cannot answer now: ${error.message}`, error)
  }
  if (code === authenticationFailed) {
    // The error stays until somebody changes the setting.
    const message = `MongoDB refuses the user or the password: check those in CONNECTION_URI (${error.message})`
    return new RalphError('STORE_UNAVAILABLE', message, {}, { cause: error })
  }
  if (code === unauthorized) {
    return unavailable(`MongoDB refuses the user of the connection string: ${error.message}`, error)
  }
  if (tooLarge.has(code)) {
    return new RalphError('BODY_TOO_LARGE', 'a document is larger than MongoDB can hold (16 MB)', {}, { cause: error })
  }
  return error
}

/** Whether a unique index has an entry with this key already. */
export const isDuplicateKey = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === duplicateKey

/** Whether the server refuses because a right is missing. */
export const isUnauthorized = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === unauthorized

/** The messages of all entries that a bulk write refused. Empty for any other error. */
export const refusedWrites = (error: unknown): readonly { readonly code: number; readonly message: string }[] => {
  if (!(error instanceof MongoBulkWriteError)) return []
  const errors = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors]
  return errors.map(({ code, errmsg }) => ({ code, message: errmsg ?? '' }))
}

/** The error that ended a bulk write, unless it is about the entries themselves. */
const causeOf = (error: MongoBulkWriteError): MongoError | undefined => {
  const cause: unknown = error.errorResponse
  return cause instanceof MongoError && cause !== error ? cause : undefined
}

/** Errors of a socket. The driver passes them on unchanged when a connection ends during a request. */
const ofSocket = /^(EPIPE|ECONN|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ERR_STREAM|ERR_SOCKET)/

const isOfSocket = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && ofSocket.test(error.code)

/** Translates an error of the driver into a RalphError. Returns any other error unchanged. */
export const translateError = (error: unknown): unknown => {
  if (!(error instanceof MongoError)) {
    return isOfSocket(error) ? unavailable(`the connection to MongoDB was lost: ${error.message}`, error) : error
  }
  if (error instanceof MongoBulkWriteError) {
    const cause = causeOf(error)
    if (cause !== undefined) return translateError(cause)
    const unconfirmed = error.result.getWriteConcernError()
    if (unconfirmed !== undefined) return unavailable(`MongoDB cannot confirm a write: ${unconfirmed.errmsg}`, error)
  }
  if (error instanceof MongoNetworkTimeoutError) {
    return new RalphError('STORE_UNAVAILABLE', `MongoDB ${unanswered}`, givenUp, { cause: error })
  }
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError) {
    return unavailable(`MongoDB is unreachable: ${error.message}`, error)
  }
  if (
    error instanceof MongoNotConnectedError ||
    error instanceof MongoTopologyClosedError ||
    error instanceof MongoClientClosedError ||
    /^Mongo(PoolCleared|PoolClosed|WaitQueueTimeout|ServerClosed|ExpiredSession|OperationTimeout)/.test(error.name)
  ) {
    return unavailable(`the connection to MongoDB was lost: ${error.message}`, error)
  }
  return error instanceof MongoServerError ? ofServer(error) : error
}

/** Whether a connection broke. The same request may succeed on another connection. */
export const isBroken = (error: unknown): boolean =>
  error instanceof RalphError &&
  ((error.cause instanceof MongoNetworkError && !(error.cause instanceof MongoNetworkTimeoutError)) ||
    isOfSocket(error.cause) ||
    (error.cause instanceof MongoError && error.cause.name === 'MongoPoolClearedError'))

/** Runs `work` and translates the errors of the driver. */
export const translating = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    throw translateError(error)
  }
}
