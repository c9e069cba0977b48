import type { ServiceError } from '@grpc/grpc-js'
import { messageOf, RalphError } from '../../errors.ts'

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error

/** By the status codes of gRPC; 3, INVALID_ARGUMENT, is what etcd 3.4 answers to a wrong password. */
export const asRalphError = (error: unknown, place: string): RalphError => {
  if (error instanceof RalphError) return error
  if (!isServiceError(error)) return new RalphError('INTERNAL', messageOf(error), {}, { cause: error })
  const says = `${place} says: ${error.details}`
  switch (error.code) {
    case 7:
      return new RalphError('FORBIDDEN', says, {}, { cause: error })
    case 16:
      return new RalphError('UNAUTHENTICATED', says, {}, { cause: error })
    case 3: {
      const isLogin = /authentication failed|user name is empty/.test(error.details)
      return new RalphError(isLogin ? 'UNAUTHENTICATED' : 'INVALID_PARAMETER', says, {}, { cause: error })
    }
    case 8:
      return new RalphError('STORE_FULL', says, {}, { cause: error })
    default:
      return new RalphError('REGISTRY_UNREACHABLE', `${place} is unreachable: ${error.details}`, {}, { cause: error })
  }
}
