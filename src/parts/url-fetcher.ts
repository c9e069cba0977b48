import type { Clock } from '../contracts/clock.ts'
import { createBandwidth, unlimited } from '../downloads/bandwidth.ts'
import { type DownloadOptions, judgedSource, withDownloaded } from '../downloads/download.ts'
import { allowPublicOnly } from '../downloads/guard.ts'
import { withoutCredentials } from '../downloads/source.ts'
import type { UrlFetcher } from '../imports/context.ts'
import type { WantedUrl } from '../imports/kept.ts'
import type { Values } from '../settings/define.ts'
import type { downloadsGroup } from '../settings/downloads.ts'
import type { ImportSettings } from '../settings/settings.ts'

export interface UrlFetcherOptions {
  readonly settings: ImportSettings
  readonly downloads: Values<typeof downloadsGroup>
  readonly openObjects: DownloadOptions['openObjects']
  readonly clock: Clock
}

/** Milliseconds after which a fetched file that could not be handed over is fetched again. */
const day = 86_400_000

/** Fetches files for imports: for the operator from any host, for others from the hosts that the operator allows. */
export const createUrlFetcher = ({ settings, downloads, openObjects, clock }: UrlFetcherOptions): UrlFetcher => {
  const { bandwidth, timeout } = downloads
  const { urlHosts: hosts, urlNetworks: networks, maxSize } = settings
  const now = (): number => clock() / 1000
  const guard = allowPublicOnly({
    hosts,
    networks,
    settings: { hosts: 'RALPH_IMPORTS_URL_HOSTS', networks: 'RALPH_IMPORTS_URL_NETWORKS' }
  })
  const shared = bandwidth === undefined ? unlimited : createBandwidth(bandwidth, now)
  const guardFor = ({ isTrusted }: WantedUrl) => (isTrusted ? undefined : guard)
  return {
    describe: (wanted) => {
      const { name } = judgedSource(wanted.url, guardFor(wanted))
      return { reference: withoutCredentials(wanted.url), filename: name }
    },
    fetch: (wanted, { directory, signal }, use) =>
      withDownloaded(
        wanted.url,
        {
          directory,
          expiration: day,
          purge: day,
          enabled: true,
          now,
          unarchive: false,
          maxSize,
          limits: settings,
          variables: 'RALPH_IMPORTS_',
          bandwidth: shared,
          timeout,
          guard: guardFor(wanted),
          openObjects,
          signal
        },
        use
      )
  }
}
