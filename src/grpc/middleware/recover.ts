import { asRalphError } from '../../http/errors.ts'
import type { Middleware } from '../running-call.ts'

/** Whatever is thrown that is no refusal becomes `INTERNAL`: the call ends, and the server lives. */
export const recover: Middleware = async (_call, next) => {
  try {
    await next()
  } catch (error) {
    throw asRalphError(error, 0)
  }
}
