import { RalphError } from '../errors.ts'
import { flagsOf, namesOf } from './aliases.ts'
import type { Setting, SettingsGroup, Values } from './define.ts'
import type { Source, Sources } from './sources.ts'

/** A value that was set. */
export interface FoundValue {
  readonly text: string
  readonly source: Source['name']
  /** The name that was used: `--port` or `RALPH_RUNSERVER_PORT`. */
  readonly name: string
}

/** Two names of one setting have different values in the same source. */
interface Contradiction {
  readonly contradiction: string
}

/** The part of a value that may be shown: nothing of a secret, and a URL without its credentials. */
export const shown = (setting: Setting<unknown>, text: string): string =>
  setting.secret ? '(not shown)' : text.replace(/\/\/[^/\s@]*@/g, '//(not shown)@')

const quote = (setting: Setting<unknown>, text: string): string =>
  setting.secret ? shown(setting, text) : JSON.stringify(shown(setting, text))

/** The name that was used for a setting: a variable, or its flag. */
const written = (source: Source, name: string, setting: Setting<unknown>): string => {
  if (source.name !== 'flag') return name
  const flag = [...flagsOf(setting.variable, setting.flag)].find(([, variable]) => variable === name)
  return flag === undefined ? name : `--${flag[0]}`
}

const findIn = (
  source: Source,
  variable: string,
  setting: Setting<unknown>
): FoundValue | Contradiction | undefined => {
  const set = namesOf(variable).flatMap((name) => {
    const text = source.values.get(name)
    return text === undefined || text === '' ? [] : [{ name: written(source, name, setting), text }]
  })
  const [first, ...others] = set
  if (first === undefined) return undefined
  const other = others.find(({ text }) => text !== first.text)
  if (other !== undefined) {
    const both = `${first.name} is ${quote(setting, first.text)} and ${other.name} is ${quote(setting, other.text)}`
    return { contradiction: `${both}, but they are the same setting` }
  }
  return { ...first, source: source.name }
}

/** The value and its source. Undefined: it is not set. */
export const find = (setting: Setting<unknown>, sources: Sources): FoundValue | Contradiction | undefined => {
  for (const variable of [setting.variable, ...setting.fallbacks]) {
    for (const source of sources.ordered) {
      const found = findIn(source, variable, setting)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Reads settings and collects their problems, so that all of them can be reported at once. */
export interface Reader {
  read<Settings extends SettingsGroup>(group: Settings): Values<Settings>
  /** Reports a problem that no single setting shows. */
  refuse(problem: string): void
  /** Throws `INVALID_SETTING` if there was a problem. */
  finish(): void
}

const readOne = (setting: Setting<unknown>, sources: Sources, refuse: Reader['refuse']): unknown => {
  const found = find(setting, sources)
  if (found === undefined) return setting.default
  if ('contradiction' in found) {
    refuse(found.contradiction)
    return setting.default
  }
  const value = setting.kind.parse(found.text)
  if (value !== undefined) return value
  const place = found.source === 'flag' || found.source === 'environment' ? '' : ` (${found.source})`
  refuse(`${found.name} is ${quote(setting, found.text)}${place}, expected ${setting.kind.expected}`)
  return setting.default
}

export const createReader = (sources: Sources): Reader => {
  const problems: string[] = []
  const refuse = (problem: string): void => {
    problems.push(problem)
  }
  return {
    refuse,
    read: <Settings extends SettingsGroup>(group: Settings): Values<Settings> => {
      const values = Object.entries(group).map(([key, setting]) => [key, readOne(setting, sources, refuse)] as const)
      // Each value comes from the kind of the setting with the same key, or is its default.
      return Object.freeze(Object.fromEntries(values)) as Values<Settings>
    },
    finish: () => {
      if (problems.length > 0) throw new RalphError('INVALID_SETTING', problems.join('; '), { settings: problems })
    }
  }
}
