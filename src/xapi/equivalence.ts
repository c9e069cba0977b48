import { canonicalText, isJsonObject, sameJson } from './same-json.ts'
import { type Json, type JsonObject, type Statement, signatureUsageType } from './statement.ts'
import { parseMicros } from './timestamp.ts'
import { type Version, versionOfStatements } from './version.ts'

/**
 * When two statements are the same (Data §2.3.1, "Statement comparison"). Both are brought into a form without the differences that do not
 * count. Then both must be the same JSON. Whatever the specification does not list counts: an `objectType` that only one of them has,
 * `name` of an Agent, an empty array.
 *
 * The forms accept any JSON, well-formed or not, because the payload of a signature is not validated.
 */
type Form = (value: Json) => Json

const asItIs: Form = (value) => value
const withoutCase: Form = (value) => (typeof value === 'string' ? value.toLowerCase() : value)

/**
 * The form of an object. Keys with a form are compared in that form, keys with `undefined` are not compared, all others are compared as
 * they are.
 */
const object = (forms: { readonly [key: string]: Form | undefined }): Form => {
  const known: ReadonlyMap<string, Form | undefined> = new Map(Object.entries(forms))
  return (value) => {
    if (!isJsonObject(value)) return value
    const members: { [key: string]: Json } = {}
    for (const key of Object.keys(value)) {
      const form = known.get(key)
      if (form === undefined && known.has(key)) continue
      const member = value[key] as Json
      const formed = form === undefined ? member : form(member)
      if (key === '__proto__') Object.defineProperty(members, key, { value: formed, enumerable: true })
      else members[key] = formed
    }
    return members
  }
}

/**
 * A list whose order means nothing. Data §2.3.1 gives the members of a Group as one example of several. The order of contextActivities,
 * contextAgents, contextGroups, relevantTypes and attachments means nothing either. The order of arrays in extensions counts, because we
 * cannot know what they mean.
 */
const unordered =
  (form: Form): Form =>
  (value) => {
    if (!Array.isArray(value)) return value
    const forms: Json[] = value.map(form)
    if (forms.length < 2) return forms
    return forms
      .map((each): [string, Json] => [canonicalText(each), each])
      .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
      .map(([, each]) => each)
  }

/** An array of one equals its only element (Data §2.4.6.2). */
const oneOrMany = (form: Form): Form => {
  const many = unordered(form)
  return (value) => many(Array.isArray(value) ? value : [value])
}

/** The domain of an e-mail address ignores case. Its local part does not. */
const mbox: Form = (value) => {
  if (typeof value !== 'string') return value
  const at = value.lastIndexOf('@')
  return value.slice(0, at + 1) + value.slice(at + 1).toLowerCase()
}

/** A point in time, independent of the offset in which it is written. */
const instant: Form = (value) => (typeof value === 'string' ? (parseMicros(value) ?? value) : value)

/** Language tags ignore case (RFC 5646 §2.1.1). */
const languageMap: Form = (value) =>
  isJsonObject(value)
    ? unordered(asItIs)(Object.entries(value).map(([tag, text]): Json => [tag.toLowerCase(), text]))
    : value

/** Hundredths of a second; the rest is cut off, never rounded. Otherwise it is compared as a string (IEEE 9274.1.1 §4.2.7). */
const durationToHundredths: Form = (value) =>
  typeof value === 'string'
    ? value.replace(/[.,](\d{0,2})\d*S$/, (_, digits: string) => {
        const hundredths = digits.replace(/0+$/, '')
        return hundredths === '' ? 'S' : `.${hundredths}S`
      })
    : value

const agent = object({ mbox, mbox_sha1sum: withoutCase })
const actor = object({ mbox, mbox_sha1sum: withoutCase, member: unordered(agent) })
const verb = object({ display: undefined })
const activity = object({ definition: undefined })
const statementRef = object({ id: withoutCase })
const contextActivities = oneOrMany(activity)
const relevantTypes = unordered(asItIs)

const context = object({
  registration: withoutCase,
  instructor: actor,
  team: actor,
  contextActivities: object({
    parent: contextActivities,
    grouping: contextActivities,
    category: contextActivities,
    other: contextActivities
  }),
  contextAgents: unordered(object({ agent, relevantTypes })),
  contextGroups: unordered(object({ group: actor, relevantTypes })),
  language: withoutCase,
  statement: statementRef
})

/** Any Object except a SubStatement. */
const plainObject: Form = (value) => {
  if (!isJsonObject(value)) return value
  switch (value.objectType) {
    case 'Agent':
    case 'Group':
      return actor(value)
    case 'StatementRef':
      return statementRef(value)
    default:
      return activity(value)
  }
}

/** The bytes of an attachment do not belong to a statement. Its metadata does. */
const attachments = unordered(object({ display: languageMap, description: languageMap, sha2: withoutCase }))

const common = (duration: Form) =>
  ({ actor, verb, result: object({ duration }), context, attachments }) satisfies { [key: string]: Form }

const statementForm = (duration: Form): Form => {
  const subStatement = object({ ...common(duration), object: plainObject, timestamp: instant })
  return object({
    ...common(duration),
    object: (value) =>
      isJsonObject(value) && value.objectType === 'SubStatement' ? subStatement(value) : plainObject(value),
    id: undefined,
    authority: undefined,
    stored: undefined,
    version: undefined,
    // Compared by `sameTimestamp`.
    timestamp: undefined
  })
}

const forms: { readonly [version in Version]: Form } = {
  '1.0.3': statementForm(asItIs),
  '2.0.0': statementForm(durationToHundredths)
}

/** Undefined if the LRS set it: it is missing, or it is equal to `stored`. */
const ownTimestamp = ({ timestamp, stored }: JsonObject): Json | undefined => {
  if (timestamp === undefined) return undefined
  const own = instant(timestamp)
  return stored !== undefined && instant(stored) === own ? undefined : own
}

const sameTimestamp = (one: JsonObject, other: JsonObject): boolean => {
  const [mine, theirs] = [ownTimestamp(one), ownTimestamp(other)]
  return mine === undefined || theirs === undefined || sameJson(mine, theirs)
}

const same = (one: JsonObject, other: JsonObject, version: Version): boolean =>
  sameTimestamp(one, other) && sameJson(forms[version](one), forms[version](other))

const claims2 = ({ version }: JsonObject): boolean => typeof version === 'string' && version.startsWith('2.')

// A statement was read from JSON. Its interface only lacks the index signature.
const asJson = (statement: Statement): JsonObject => statement as unknown as JsonObject

/** Whether a statement is the same as the one stored under its id. Compared as 2.0 if either `version` is 2.0.x, otherwise as 1.0.3. */
export const sameStatement = (one: Statement, other: Statement): boolean => {
  const [mine, theirs] = [asJson(one), asJson(other)]
  return same(mine, theirs, claims2(mine) || claims2(theirs) ? '2.0.0' : '1.0.3')
}

const withoutSignatures = ({ attachments, ...statement }: JsonObject): JsonObject => {
  if (!Array.isArray(attachments)) return attachments === undefined ? statement : { ...statement, attachments }
  const others = attachments.filter((each) => !isJsonObject(each) || each.usageType !== signatureUsageType)
  return others.length === 0 ? statement : { ...statement, attachments: others }
}

const sameId = (one: Json | undefined, other: Json | undefined): boolean =>
  one === undefined || other === undefined || sameJson(withoutCase(one), withoutCase(other))

/**
 * Whether `payload`, which was signed, is the statement without its signature (Data §2.6). `version` is that of the request, because a
 * statement need not have one. The payload may be any JSON object that is not too deep for recursion.
 */
export const sameSigned = (statement: Statement, payload: JsonObject, version: Version): boolean => {
  const sent = asJson(statement)
  const spoken = { version: statement.version ?? versionOfStatements[version] }
  return (
    sameId(sent.id, payload.id) &&
    same(withoutSignatures(sent), withoutSignatures(payload), claims2(spoken) || claims2(payload) ? '2.0.0' : '1.0.3')
  )
}
