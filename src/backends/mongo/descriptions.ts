import { hash } from 'node:crypto'
import type { Descriptions } from '../../contracts/statement-store.ts'
import type { FoundName, Removal } from '../../storage/batching/engine.ts'
import { tokenOf } from '../../storage/batching/tokens.ts'
import { type Gap, isWritten, type Written } from '../../storage/batching/written.ts'
import type { ActivityDefinition, LanguageMap } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import type { DescriptionDocument } from './document-types.ts'
import { notWritten } from './find-plan.ts'
import { inBatches, maxWrites } from './in-batches.ts'

interface Asked {
  readonly activities: readonly string[]
  readonly verbs: readonly string[]
}

/** The descriptions as a session found them. The session replaces only these versions. */
export type FoundDescriptions = ReadonlyMap<string, DescriptionDocument>

/** A request with more keys than this would be too large. */
const maxKeys = 10_000

const activityKey = (iri: string): string => tokenOf(`c${iri}`)
const verbKey = (iri: string): string => tokenOf(`v${iri}`)

const readOptions = (signal: AbortSignal | undefined) => ({ maxTimeMS: timeLimits.read, signal })

export const findDescriptions = async (
  { descriptions }: Collections,
  { activities, verbs }: Asked,
  signal?: AbortSignal
): Promise<FoundDescriptions> => {
  const found = new Map<string, DescriptionDocument>()
  await inBatches([...activities.map(activityKey), ...verbs.map(verbKey)], maxKeys, async (some) => {
    const documents = descriptions.find({ _id: { $in: [...some] } }, readOptions(signal))
    for (const document of await documents.toArray()) found.set(document._id, document)
  })
  return found
}

const textAt = (document: DescriptionDocument | undefined, written: Written): string | undefined =>
  document === undefined || isWritten(document.at, written) ? document?.text : (document.before ?? undefined)

const pick = <Description>(
  iris: readonly string[],
  keyOf: (iri: string) => string,
  found: FoundDescriptions,
  written: Written
): Map<string, Description> => {
  const picked = new Map<string, Description>()
  for (const iri of iris) {
    const text = textAt(found.get(keyOf(iri)), written)
    // It was merged from validated descriptions.
    if (text !== undefined) picked.set(iri, JSON.parse(text) as Description)
  }
  return picked
}

/** The descriptions at the time when the committed batches were written. */
export const descriptionsAt = (
  { activities, verbs }: Asked,
  found: FoundDescriptions,
  written: Written
): Descriptions => ({
  definitions: pick<ActivityDefinition>(activities, activityKey, found, written),
  displays: pick<LanguageMap>(verbs, verbKey, found, written)
})

/** Writes descriptions. Readers do not see them until `at` is committed. */
export const writeDescriptions = async (
  { descriptions }: Collections,
  { definitions, displays }: Descriptions,
  found: FoundDescriptions,
  written: Written,
  at: Micros
): Promise<void> => {
  const all = [
    ...[...definitions].map(([iri, value]) => ({ _id: activityKey(iri), iri, value })),
    ...[...displays].map(([iri, value]) => ({ _id: verbKey(iri), iri, value }))
  ]
  const writes = all.map(({ _id, iri, value }) => {
    const present = found.get(_id)
    const next = { iri, text: JSON.stringify(value), at, before: textAt(present, written) ?? null }
    // Only the version that this session has seen is replaced, so a late writer changes nothing.
    return present === undefined
      ? { insertOne: { document: { _id, ...next } } }
      : { replaceOne: { filter: { _id, at: present.at }, replacement: next } }
  })
  await inBatches(writes, maxWrites, (some) =>
    descriptions.bulkWrite(some, { ordered: false, maxTimeMS: timeLimits.write })
  )
}

/** Takes back descriptions of batches that were never committed. */
export const undoDescriptions = async ({ descriptions }: Collections, written: Written): Promise<void> => {
  const late = { $or: notWritten(written).map((at) => ({ at })) }
  const dead = await descriptions.find(late, readOptions(undefined)).toArray()
  if (dead.length === 0) return
  const writes = dead.map(({ _id, at, before }) =>
    before === null
      ? { deleteOne: { filter: { _id, at } } }
      : { updateOne: { filter: { _id, at }, update: { $set: { text: before, at: 0 } } } }
  )
  await descriptions.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
}

const digestOf = (text: string): string => hash('sha256', text, 'base64url').slice(0, 22)

/** A name that exists stays. A restored statement may be older than the time that is noted for its name. */
export const writeNames = async ({ agentNames }: Collections, names: readonly FoundName[]): Promise<void> => {
  const writes = names.map(({ identifier, name, stored }) => ({
    updateOne: {
      filter: { _id: digestOf(JSON.stringify([identifier, name])) },
      update: { $min: { stored }, $setOnInsert: { identifier: digestOf(identifier), name } },
      upsert: true
    }
  }))
  await inBatches(writes, maxWrites, (some) =>
    agentNames.bulkWrite(some, { ordered: false, maxTimeMS: timeLimits.write })
  )
}

export const undoNames = async (
  { agentNames }: Collections,
  { last }: Written,
  made: Gap | undefined
): Promise<void> => {
  const late = [{ $gt: last }, ...(made === undefined ? [] : [{ $gt: made.after, $lte: made.through }])]
  await agentNames.deleteMany({ $or: late.map((stored) => ({ stored })) }, { maxTimeMS: timeLimits.write })
}

/**
 * The names that were known when everything up to `last` was written, oldest first. A name from a batch that does not count may be shown:
 * it is not secret.
 */
export const findNames = async (
  { agentNames }: Collections,
  identifier: string,
  last: Micros,
  signal: AbortSignal | undefined
): Promise<string[]> => {
  const found = await agentNames
    .find({ identifier: digestOf(identifier), stored: { $lte: last } }, readOptions(signal))
    .sort({ stored: 1, name: 1 })
    .toArray()
  return found.map(({ name }) => name)
}

/** Forgets descriptions and names for good. */
export const removeDescriptions = async (
  { descriptions, agentNames }: Collections,
  { agents, activities, verbs }: Pick<Removal, 'agents' | 'activities' | 'verbs'>
): Promise<void> => {
  const options = { maxTimeMS: timeLimits.write }
  await inBatches([...activities.map(activityKey), ...verbs.map(verbKey)], maxKeys, (some) =>
    descriptions.deleteMany({ _id: { $in: [...some] } }, options)
  )
  await inBatches(agents.map(digestOf), maxKeys, (some) =>
    agentNames.deleteMany({ identifier: { $in: [...some] } }, options)
  )
}
