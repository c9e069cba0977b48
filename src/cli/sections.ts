import type { ArchiveSourceRole } from '../contracts/archive-source.ts'
import type { SettingsGroup } from '../settings/define.ts'
import type { Section } from '../settings/describe.ts'
import { downloadsGroup } from '../settings/downloads.ts'
import { forwardingGroup } from '../settings/forwardings.ts'
import { converterGroup, generalGroup, identityGroup, lrsGroup, serverGroup } from '../settings/groups.ts'
import { grpcGroup } from '../settings/grpc.ts'
import { healthGroup } from '../settings/health.ts'
import { importsGroup } from '../settings/imports.ts'
import { listenersGroup } from '../settings/listeners.ts'
import { loggerGroup } from '../settings/logger.ts'
import { metricsGroup } from '../settings/metrics.ts'
import { mirrorGroup } from '../settings/mirror.ts'
import { notifyGroup } from '../settings/notify.ts'
import { oidcGroup } from '../settings/oidc.ts'
import { nodeGroup, registryGroup } from '../settings/registry.ts'
import { storeGroup } from '../settings/store.ts'
import { uploadGroup } from '../settings/upload.ts'
import { uploadsGroup } from '../settings/uploads.ts'
import type { Composition } from './composition.ts'

type Backends = readonly { readonly name: string; readonly settings: SettingsGroup }[]

const backendSections = (kind: string, backends: Backends): readonly Section[] =>
  backends
    .filter(({ settings }) => Object.keys(settings).length > 0)
    .map(({ name, settings }) => ({ title: `${kind} ${name}`, group: settings }))

/** Every setting of a mirror, in the order of `ldp-mirror`: those of the source, then its own. */
export const mirrorGroupOf = (source: ArchiveSourceRole): SettingsGroup => ({ ...source.settings, ...mirrorGroup })

/** Every setting of the server, under headings. */
export const serverSections = ({ lrsBackends }: Pick<Composition, 'lrsBackends'>): readonly Section[] => [
  { title: 'General', group: generalGroup },
  { title: 'Server', group: serverGroup },
  { title: 'LRS', group: lrsGroup },
  { title: 'Users', group: identityGroup },
  { title: 'Single sign-on', group: oidcGroup },
  { title: 'Health', group: healthGroup },
  { title: 'Log hooks', group: loggerGroup },
  { title: 'Metrics', group: metricsGroup },
  { title: 'Imports', group: importsGroup },
  { title: 'gRPC', group: grpcGroup },
  { title: 'Registry', group: { ...registryGroup, ...nodeGroup } },
  { title: 'Announcing', group: notifyGroup },
  { title: 'Forwarding', group: forwardingGroup },
  { title: 'Uploads', group: uploadsGroup },
  { title: 'File store', group: storeGroup },
  ...backendSections('Backend', lrsBackends)
]

type Configured = Pick<Composition, 'lrsBackends' | 'dataBackends' | 'archiveSources'>

/** Every setting, under headings. */
export const sectionsOf = (composition: Configured): readonly Section[] => [
  ...serverSections(composition),
  { title: 'Converters', group: converterGroup },
  { title: 'Downloads', group: downloadsGroup },
  { title: 'Upload', group: uploadGroup },
  { title: 'Listeners', group: listenersGroup },
  ...composition.archiveSources.map((source) => ({ title: `Mirror ${source.name}`, group: mirrorGroupOf(source) })),
  ...backendSections('Data backend', composition.dataBackends)
]

export const settingGroups = (composition: Configured): readonly SettingsGroup[] =>
  sectionsOf(composition).map(({ group }) => group)
