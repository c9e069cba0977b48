import type { Group } from '../settings/define.ts'
import type { Section } from '../settings/describe.ts'
import { generalGroup, identityGroup, lrsGroup, serverGroup } from '../settings/groups.ts'
import type { Composition } from './composition.ts'

/** Every setting there is, under headings. */
export const sectionsOf = ({ backends }: Pick<Composition, 'backends'>): readonly Section[] => [
  { title: 'General', group: generalGroup },
  { title: 'Server', group: serverGroup },
  { title: 'LRS', group: lrsGroup },
  { title: 'Users', group: identityGroup },
  ...backends
    .filter(({ settings }) => Object.keys(settings).length > 0)
    .map(({ name, settings }) => ({ title: `Backend ${name}`, group: settings }))
]

export const settingGroups = (composition: Pick<Composition, 'backends'>): readonly Group[] =>
  sectionsOf(composition).map(({ group }) => group)
