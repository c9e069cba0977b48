import { families } from './conversions.ts'
import type { Conversion } from './define.ts'
import { activityTypes, profiles, verbs } from './vocabulary.ts'

const verbText = ({ verb, otherwise }: Conversion): string => {
  const first = verbs[verb].id
  return otherwise === undefined ? first : `${first}; ${verbs[otherwise.verb].id} when ${otherwise.when}`
}

const objectText = ({ object, what }: Conversion): string =>
  `${what}: ${object === 'block' ? 'the type of the component' : activityTypes[object].id}`

const contextText = ({ context, actor, asRalph }: Conversion): string =>
  [
    asRalph === true ? 'as Ralph 5' : 'course',
    ...(context === undefined ? [] : [context]),
    ...(actor === undefined ? [] : [`actor: ${actor}`])
  ].join(', ')

/** Whose words the statement speaks; a profile that it claims to follow stands there with its IRI. */
const profileText = ({ verb, profile }: Conversion): string =>
  profile === undefined ? verbs[verb].vocabulary : `${profiles[profile].vocabulary} (${profiles[profile].id})`

/** What is converted into what: documentation made of the conversions themselves. */
export const conversionRows = families.flatMap(({ name, conversions }) =>
  conversions.map((conversion) => ({
    family: name,
    events: conversion.events,
    source: conversion.sources.join(', '),
    verb: verbText(conversion),
    object: objectText(conversion),
    profile: profileText(conversion),
    result: conversion.result ?? '',
    context: contextText(conversion)
  }))
)
