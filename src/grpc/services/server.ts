import type { VersionRequest, VersionResponse } from '../../protocol/messages.ts'
import { supportedVersions } from '../../xapi/version.ts'
import type { ServedMethod, ServiceContext } from './service.ts'

export const version = ({
  version: ralph,
  settings
}: ServiceContext): ServedMethod<VersionRequest, VersionResponse> => ({
  kind: 'unary',
  run: async () => ({
    version: ralph,
    xapiVersions: [settings.defaultVersion, ...supportedVersions.filter((each) => each !== settings.defaultVersion)]
  })
})
