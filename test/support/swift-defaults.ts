import type { SwiftDataOptions } from '../../src/backends/swift/data.ts'
import { keptLog } from './objects.ts'

/** As the settings have them when nothing is set. */
export const swiftDefaults: SwiftDataOptions = {
  authUrl: 'https://auth.cloud.ovh.net',
  identityApiVersion: '3',
  username: undefined,
  password: undefined,
  userDomainName: 'Default',
  projectDomainName: 'Default',
  tenantName: undefined,
  tenantId: undefined,
  regionName: undefined,
  timeout: 120_000,
  objectStorageUrl: undefined,
  container: undefined,
  segmentSize: 2 ** 32,
  clock: () => Date.now() * 1000,
  log: keptLog()
}
