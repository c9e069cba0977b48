import { type ActivityDefinition, interactionComponentLists } from '../../xapi/statement.ts'
import type { Fault } from '../explain.ts'

/** Within a list of interaction components, all ids are distinct (Data §2.4.4.1). */
export const findRepeatedComponent = (definition: ActivityDefinition): Fault | undefined => {
  if (definition.interactionType === undefined) return undefined
  for (const list of interactionComponentLists) {
    const components = definition[list]
    if (components === undefined) continue
    const ids = new Set<string>()
    for (const [position, { id }] of components.entries()) {
      if (ids.has(id)) {
        return { pointer: `/${list}/${position}/id`, rule: 'distinctComponents', expected: 'an id that no other has' }
      }
      ids.add(id)
    }
  }
  return undefined
}
