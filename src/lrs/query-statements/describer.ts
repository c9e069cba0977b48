import { type CanonicalDescriptions, definitionIn, namedIris } from '../../xapi/format.ts'
import { type LanguagePreferences, parseAcceptLanguage, pickLanguage } from '../../xapi/language.ts'
import type { ActivityDefinition, LanguageMap, Statement } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { describe } from '../describe.ts'

/** Activities and Verbs in one question to the store. The metadata of each may be as large as a statement. */
const askedTogether = 64

/** The most characters that definitions may add to one statement. Beyond this, the definition in the statement itself is used. */
export const longestDefinitions = 2 ** 24
/** A statement longer than this leaves no room for anything else in one string. */
const longestStatement = 2 ** 28

interface Definition {
  readonly value: ActivityDefinition
  /** The characters of its JSON. */
  readonly size: number
}

/**
 * The merged metadata of the Activities and Verbs on a page, from the statements that the principal may read. It is fetched while the page
 * is made, and reduced to one language.
 */
export interface Describer {
  /** Fetches the metadata for the names in statement `at`. If the question has room, also for the next statements. */
  learnFor(statements: readonly Statement[], at: number): Promise<void>
  /** The metadata for a statement with a text of `length` characters. */
  descriptionsFor(length: number): CanonicalDescriptions
}

/** The kind of a name, and its IRI. */
type Name = readonly [kind: 'activities' | 'verbs', iri: string]

const namesIn = (statement: Statement | undefined): readonly Name[] => {
  const { activities, verbs } = namedIris(statement === undefined ? [] : [statement])
  return [...verbs.map((iri): Name => ['verbs', iri]), ...activities.map((iri): Name => ['activities', iri])]
}

export const createDescriber = (call: Call, acceptLanguage: string | undefined): Describer => {
  const languages: LanguagePreferences = parseAcceptLanguage(acceptLanguage)
  const definitions = new Map<string, Definition>()
  const displays = new Map<string, LanguageMap>()
  const asked = { activities: new Set<string>(), verbs: new Set<string>() }

  const isNew = ([kind, iri]: Name): boolean => !asked[kind].has(iri)

  /** Returns the number of characters that it received. */
  const ask = async (names: readonly Name[]): Promise<number> => {
    for (const [kind, iri] of names) asked[kind].add(iri)
    const of = (wanted: Name[0]): string[] => names.flatMap(([kind, iri]) => (kind === wanted ? [iri] : []))
    const found = await describe(call, { activities: of('activities'), verbs: of('verbs') })
    let came = 0
    for (const [iri, display] of found.displays) displays.set(iri, pickLanguage(display, languages))
    for (const [iri, definition] of found.definitions) {
      const value = definitionIn(definition, languages)
      const size = JSON.stringify(value).length
      definitions.set(iri, { value, size })
      came += size
    }
    return came
  }

  return {
    learnFor: async (statements, at) => {
      const own = namesIn(statements[at]).filter(isNew)
      if (own.length === 0) return
      const together = [...own]
      for (let next = at + 1; next < statements.length && together.length < askedTogether; next += 1) {
        const names = namesIn(statements[next])
        if (names.length < askedTogether) together.push(...names.filter(isNew))
      }
      const names = [...new Map(together.map((name) => [name.join(' '), name])).values()]
      const wanted = names.slice(0, Math.max(own.length, askedTogether))
      let room = longestDefinitions
      for (let from = 0; from < wanted.length && room >= 0; from += askedTogether) {
        call.signal.throwIfAborted()
        room -= await ask(wanted.slice(from, from + askedTogether))
      }
      // What did not fit is not asked for again by this statement.
      for (const [kind, iri] of own) asked[kind].add(iri)
    },
    descriptionsFor: (length) => {
      let room = Math.min(longestDefinitions, longestStatement - length)
      const definitionOf = (iri: string): ActivityDefinition | undefined => {
        const found = definitions.get(iri)
        if (found === undefined || found.size > room) return undefined
        room -= found.size
        return found.value
      }
      return { definitions: { get: definitionOf }, displays }
    }
  }
}
