import type { Group } from '../settings/define.ts'
import type { Section } from '../settings/describe.ts'
import { converterGroup, generalGroup, identityGroup, lrsGroup, serverGroup } from '../settings/groups.ts'
import type { Composition } from './composition.ts'

type Backends = readonly { readonly name: string; readonly settings: Group }[]

const backendSections = (kind: string, backends: Backends): readonly Section[] =>
  backends
    .filter(({ settings }) => Object.keys(settings).length > 0)
    .map(({ name, settings }) => ({ title: `${kind} ${name}`, group: settings }))

/** Every setting that the server has, under headings. */
export const serverSections = ({ lrsBackends }: Pick<Composition, 'lrsBackends'>): readonly Section[] => [
  { title: 'General', group: generalGroup },
  { title: 'Server', group: serverGroup },
  { title: 'LRS', group: lrsGroup },
  { title: 'Users', group: identityGroup },
  ...backendSections('Backend', lrsBackends)
]

/** Every setting there is, under headings. */
export const sectionsOf = (composition: Pick<Composition, 'lrsBackends' | 'dataBackends'>): readonly Section[] => [
  ...serverSections(composition),
  { title: 'Converters', group: converterGroup },
  ...backendSections('Data backend', composition.dataBackends)
]

export const settingGroups = (composition: Pick<Composition, 'lrsBackends' | 'dataBackends'>): readonly Group[] =>
  sectionsOf(composition).map(({ group }) => group)
