import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../contracts/clock.ts'
import type { Imports } from '../contracts/imports.ts'
import type { Part, PartStatus } from '../contracts/part.ts'
import type { Uploads } from '../contracts/uploads.ts'
import { messageOf } from '../errors.ts'
import type { UploadSettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { OpenUploadsOptions } from '../uploads/open.ts'

export interface UploadsOptions {
  readonly settings: UploadSettings
  readonly imports: Part<Imports>
  readonly openObjects: OpenUploadsOptions['openObjects']
  readonly clock: Clock
  readonly log: Logger
}

/** Accepts uploads, and removes those that were given up. */
export const uploadsPart = ({ settings, imports, openObjects, clock, log }: UploadsOptions): Part<Uploads> => ({
  name: 'uploads',
  start: async ({ use }) => {
    const { openUploads } = await import('../uploads/open.ts')
    const uploads = openUploads({ settings, imports: use(imports), openObjects, clock, log })
    const stopping = new AbortController()
    let status: PartStatus = { state: 'ok' }
    const sweep = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        try {
          // Also at the start: an upload that was complete when an earlier process died becomes an import now.
          await uploads.sweep()
          status = { state: 'ok' }
        } catch (error) {
          const detail = `expired uploads cannot be removed: ${messageOf(error)}`
          if (status.state === 'ok') log.error(detail)
          status = { state: 'degraded', detail, hint: 'expired uploads cannot be removed' }
        }
        await wait(settings.purge, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      }
    }
    const sweeping = sweep()
    return {
      service: uploads,
      stop: async () => {
        stopping.abort()
        await sweeping
        await uploads.close()
      },
      health: async () => status
    }
  }
})
