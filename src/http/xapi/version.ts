import type { FastifyReply, FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import type { ServerSettings } from '../../settings/settings.ts'
import { negotiateVersion, type Version } from '../../xapi/version.ts'
import { versionHeader } from '../every-request/answer-headers.ts'
import { varyBy } from '../vary.ts'

/**
 * Chooses the version that serves a request, and names it in the answer (Communication §3.3). Without a header it is
 * RALPH_LRS_DEFAULT_VERSION. With RALPH_LRS_REQUIRE_VERSION_HEADER it throws `INVALID_VERSION` instead.
 */
export const speakVersion = (
  request: FastifyRequest,
  reply: FastifyReply,
  settings: ServerSettings,
  header: string | readonly string[] | undefined
): Version => {
  varyBy(reply, 'X-Experience-API-Version')
  if (header === undefined && settings.requireVersionHeader) {
    throw new RalphError('INVALID_VERSION', 'The header X-Experience-API-Version is missing.')
  }
  const version = header === undefined ? settings.defaultVersion : negotiateVersion(String(header))
  request.version = version
  reply.header(versionHeader, version)
  return version
}
