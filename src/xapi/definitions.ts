import { sameJson } from './same-json.ts'
import {
  type ActivityDefinition,
  type InteractionComponent,
  interactionComponentLists,
  type Json,
  type LanguageMap
} from './statement.ts'

/**
 * What all statements together say of an Activity or a Verb. The later statement wins, for each tag and each key. What it does not mention
 * is kept. Every function here returns `present` itself when nothing changes. So a store can tell by `===` that there is nothing to write.
 */

/** Language tags have no case (RFC 5646 §2.1.1): `en-us` replaces the text of `en-US`, and the first spelling is kept. */
const spelledAs = (map: LanguageMap): ((tag: string) => string) => {
  let spellings: ReadonlyMap<string, string> | undefined
  return (tag) => {
    if (Object.hasOwn(map, tag)) return tag
    // If two spellings exist, the first one counts.
    spellings ??= new Map(
      Object.keys(map)
        .reverse()
        .map((each) => [each.toLowerCase(), each])
    )
    return spellings.get(tag.toLowerCase()) ?? tag
  }
}

/**
 * The most characters that merged metadata of one thing may have. All of it is read and written with each statement. Without a limit, a few
 * statements would make all later ones about the same Activity slow.
 */
const mostMerged = 2 ** 18

/** What is left of `room` after the value. Below 0, the rest of the value is not looked at. */
const roomAfter = (value: Json | undefined, room: number): number => {
  if (typeof value === 'string') return room - value.length
  if (typeof value !== 'object' || value === null) return room - 4
  let left = room
  for (const [key, each] of Object.entries(value)) {
    left = roomAfter(each, left - key.length)
    if (left < 0) return left
  }
  return left
}

/** Returns `merged`, or `present` if the two together are too large. */
const bounded = <Merged extends object>(present: Merged, merged: Merged): Merged =>
  // Both are JSON: they come from statements that were validated.
  merged === present || roomAfter(merged as unknown as Json, mostMerged) >= 0 ? merged : present

const mergeMembers = <Value extends Json>(
  present: { readonly [key: string]: Value },
  next: { readonly [key: string]: Value },
  keyIn: (key: string) => string = (key) => key
): { readonly [key: string]: Value } => {
  const news: [string, Value][] = []
  for (const [key, value] of Object.entries(next)) {
    const known = keyIn(key)
    const before = Object.hasOwn(present, known) ? present[known] : undefined
    if (before === undefined || !sameJson(before, value)) news.push([known, value])
  }
  // Spread and fromEntries define properties, so both treat `__proto__` as an ordinary key.
  return news.length === 0 ? present : { ...present, ...Object.fromEntries(news) }
}

/** The merged display of a Verb, or any other merged language map. */
export const mergeDisplay = (present: LanguageMap | undefined, next: LanguageMap): LanguageMap =>
  present === undefined ? next : bounded(present, mergeMembers(present, next, spelledAs(present)))

const mergeComponent = (present: InteractionComponent, next: InteractionComponent): InteractionComponent => {
  if (next.description === undefined) return present
  const description = mergeDisplay(present.description, next.description)
  return description === present.description ? present : { ...present, description }
}

/** Merges components by id, in the order in which they were first seen. */
const mergeComponents = (
  present: readonly InteractionComponent[],
  next: readonly InteractionComponent[]
): readonly InteractionComponent[] => {
  const merged = new Map(present.map((component) => [component.id, component]))
  let isNew = false
  for (const component of next) {
    const before = merged.get(component.id)
    const after = before === undefined ? component : mergeComponent(before, component)
    if (after === before) continue
    merged.set(component.id, after)
    isNew = true
  }
  return isNew ? [...merged.values()] : present
}

const componentLists: ReadonlySet<string> = new Set(interactionComponentLists)

const mergeProperty = (key: string, present: Json, next: Json): Json => {
  if (sameJson(present, next)) return present
  if (key === 'name' || key === 'description') return mergeDisplay(present as LanguageMap, next as LanguageMap)
  if (key === 'extensions') return mergeMembers(present as Members, next as Members)
  if (componentLists.has(key)) return mergeComponents(present as Components, next as Components) as unknown as Json
  return next
}

type Members = { readonly [key: string]: Json }
// These are read from validated definitions and put back into them. The interface only lacks the index signature.
type Components = readonly InteractionComponent[] & Json

/** When the type of interaction changes, neither the components nor the correct responses can be kept. */
const ofInteraction: ReadonlySet<string> = new Set([...interactionComponentLists, 'correctResponsesPattern'])

const changesInteraction = (present: ActivityDefinition, next: ActivityDefinition): boolean =>
  next.interactionType !== undefined &&
  present.interactionType !== undefined &&
  next.interactionType !== present.interactionType

/** The merged definition of an Activity (Communication §2.5). */
export const mergeDefinition = (
  present: ActivityDefinition | undefined,
  next: ActivityDefinition
): ActivityDefinition => {
  if (present === undefined) return next
  const kept = changesInteraction(present, next)
    ? Object.fromEntries(Object.entries(present).filter(([key]) => !ofInteraction.has(key)))
    : present
  const merged = new Map<string, Json>(Object.entries(kept))
  let isNew = kept !== present
  for (const [key, value] of Object.entries(next)) {
    const before = merged.get(key)
    const after = before === undefined ? value : mergeProperty(key, before, value)
    if (after === before) continue
    merged.set(key, after)
    isNew = true
  }
  return isNew ? bounded(present, Object.fromEntries(merged) as ActivityDefinition) : present
}
