import { aspectsConversions } from './aspects/index.ts'
import { aspectsTypes, aspectsVerbs } from './aspects/vocabulary.ts'
import { families } from './conversions.ts'
import type { Conversion } from './define.ts'
import { ralphConversions } from './ralph.ts'
import { activityTypes, profiles, verbs } from './vocabulary.ts'

const verbText = ({ verb, otherwise }: Conversion): string => {
  const first = verbs[verb].id
  return otherwise === undefined ? first : `${first}; ${verbs[otherwise.verb].id} when ${otherwise.when}`
}

const objectText = ({ object, what }: Conversion): string =>
  `${what}: ${object === 'block' ? 'the type of the component' : activityTypes[object].id}`

const contextText = ({ context, actor }: Conversion): string =>
  ['course', ...(context === undefined ? [] : [context]), ...(actor === undefined ? [] : [`actor: ${actor}`])].join(
    ', '
  )

/** Whose words the statement speaks; a profile that it claims to follow stands there with its IRI. */
const profileText = ({ verb, profile }: Conversion): string =>
  profile === undefined ? verbs[verb].vocabulary : `${profiles[profile].vocabulary} (${profiles[profile].id})`

/** Which of the events were met in real logs. */
const seenText = ({ events, seen = [] }: Conversion): string =>
  seen.length === 0 ? 'no' : seen.length === events.length ? 'yes' : seen.join(', ')

/** What is otherwise with `--compat ralph`, and for which of the events. */
const ralphText = ({ events, sources }: Conversion): string =>
  ralphConversions
    .filter(
      (each) => each.sources.some((one) => sources.includes(one)) && each.events.some((one) => events.includes(one))
    )
    .map(({ events: types, sources: [source], differs }) =>
      events.length === 1 && sources.length === 1 ? differs : `${types.join(', ')} of the ${source} only: ${differs}`
    )
    .join('; ')

/** What event-routing-backends makes of it, and for which of the events. */
const aspectsText = ({ events, sources }: Conversion): string =>
  aspectsConversions
    .filter(({ source }) => source === undefined || (sources.includes('server') ? 'server' : 'browser') === source)
    .flatMap(({ events: known, verb, object, note }) => {
      const shared = events.filter((each) => known.includes(each))
      if (shared.length === 0) return []
      const said = [aspectsVerbs[verb].id, aspectsTypes[object], ...(note === undefined ? [] : [note])].join(', ')
      return [shared.length === events.length ? said : `${shared.join(', ')}: ${said}`]
    })
    .join('; ')

/** What is converted into what: documentation made of the conversions themselves. */
export const conversionRows = families.flatMap(({ name, conversions }) =>
  conversions.map((conversion) => ({
    family: name,
    events: conversion.events,
    source: conversion.sources.join(', '),
    seen: seenText(conversion),
    verb: verbText(conversion),
    object: objectText(conversion),
    profile: profileText(conversion),
    result: conversion.result ?? '',
    context: contextText(conversion),
    ralph: ralphText(conversion),
    aspects: aspectsText(conversion)
  }))
)
