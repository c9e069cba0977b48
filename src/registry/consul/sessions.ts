import { RalphError } from '../../errors.ts'
import { jsonOf, objectOf } from './answers.ts'
import type { ConsulRequests } from './requests.ts'

/** Seconds: the shortest and the longest session, unless the server is configured otherwise. */
const shortest = 10
const longest = 86_400

/** Sessions: what is locked by one is deleted with it. */
export interface ConsulSessions {
  /** Lasts for the TTL without being renewed; Consul ends it within twice that time. */
  make(ttl: number): Promise<string>
  /** false: it is over. */
  renew(id: string): Promise<boolean>
  end(id: string): Promise<void>
}

export const createSessions = ({ place, ask }: ConsulRequests): ConsulSessions => {
  const create = async (seconds: number): Promise<string> => {
    // Without checks and without delay: only its TTL says whether the holder lives.
    const session = { Name: 'ralph', TTL: `${seconds}s`, Behavior: 'delete', LockDelay: '0s', NodeChecks: [] }
    const answer = await ask('PUT', '/v1/session/create', { body: JSON.stringify(session) })
    const { ID: id } = objectOf(jsonOf(answer, place), place)
    if (typeof id !== 'string') throw new RalphError('REGISTRY_UNREACHABLE', `${place} gave a session without ID`)
    return id
  }
  return {
    make: async (ttl) => {
      const seconds = Math.ceil(ttl / 1000)
      if (seconds > longest)
        throw new RalphError(
          'INVALID_PARAMETER',
          `${place} keeps no session for longer than 24 hours, so a TTL of ${ttl} ms is not possible`,
          { ttl, longest: longest * 1000 }
        )
      if (seconds >= shortest) return create(seconds)
      try {
        return await create(seconds)
      } catch (error) {
        // Its session_ttl_min is the usual one.
        if (error instanceof RalphError && /must be between/.test(error.message)) return create(shortest)
        throw error
      }
    },
    renew: async (id) => (await ask('PUT', `/v1/session/renew/${id}`, { expected: [404] })).status === 200,
    end: async (id) => {
      await ask('PUT', `/v1/session/destroy/${id}`)
    }
  }
}
