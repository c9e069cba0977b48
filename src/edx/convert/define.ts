import type { Activity, Extensions, Result } from '../../xapi/statement.ts'
import type { Platform } from './addresses.ts'
import type { EdxEvent } from './event.ts'
import type { ActivityTypeName, ProfileName, VerbName } from './vocabulary.ts'

export type EventSource = 'browser' | 'mobile' | 'server'

/** What an event says, apart from what its conversion says of all its kind. */
export interface Description {
  /** Of the object. */
  readonly id: string
  readonly name?: string | undefined
  /** The kind of Activity, where the conversion leaves it to the event. */
  readonly type?: ActivityTypeName
  /** The other verb of the conversion holds. */
  readonly otherwise?: boolean
  readonly result?: Result | undefined
  /** Extensions of the context. */
  readonly extensions?: Extensions | undefined
  /** What the object is a part of. */
  readonly parent?: Activity | undefined
  /** Who did it, where it is not who was signed in. */
  readonly learner?: string | undefined
  /** False: something is missing that the profile of the conversion asks for. */
  readonly claimsProfile?: boolean
}

/** How events of some types become statements: the line of documentation, and the function. */
export interface Conversion {
  /** Values of `event_type`; `<context.path>`: whatever equals the path of the request. */
  readonly events: readonly string[]
  readonly sources: readonly EventSource[]
  /** Those of `events` that were met in real logs; the others are known from documentation and source code. */
  readonly seen?: readonly string[]
  readonly verb: VerbName
  /** Instead of `verb`, and when. */
  readonly otherwise?: { readonly verb: VerbName; readonly when: string }
  /** `block`: as the component is. */
  readonly object: ActivityTypeName | 'block'
  /** What the object is, in words. */
  readonly what: string
  readonly profile?: ProfileName
  /** What the result holds. */
  readonly result?: string
  /** What the context holds besides the course. */
  readonly context?: string
  /** Who is the actor, if not the user of the context. */
  readonly actor?: string
  /** What `event` holds is not looked at: the server may have cut it off. */
  readonly withoutPayload?: true
  /** As Python Ralph converts it: the same JSON. */
  readonly asRalph?: true
  readonly describe: (event: EdxEvent, platform: Platform) => Description
}

const withoutUndefined = <Value extends object>(value: Value): Value | undefined => {
  let kept: Value | undefined
  for (const key in value) {
    if (value[key] === undefined) continue
    kept ??= {} as Value
    kept[key] = value[key]
  }
  return kept
}

/** Extensions that are there; undefined when none is. */
export const extended = (extensions: {
  readonly [iri: string]: Extensions[string] | undefined
}): Extensions | undefined =>
  // Without undefined it is one.
  withoutUndefined(extensions) as Extensions | undefined

/** A result of what is there; undefined when nothing is. */
export const resulting = (parts: { readonly [part in keyof Result]: Result[part] | undefined }): Result | undefined =>
  // Without undefined it is one.
  withoutUndefined(parts) as Result | undefined
