import { namesOf } from './aliases.ts'
import type { Setting, SettingsGroup } from './define.ts'
import { find, shown } from './read.ts'
import type { Sources } from './sources.ts'

export const descriptionFormats = ['text', 'markdown', 'env', 'json'] as const
export type DescriptionFormat = (typeof descriptionFormats)[number]

/** A group of settings under a heading. */
export interface Section {
  readonly title: string
  readonly group: SettingsGroup
}

/** Other names of a setting: its aliases, and its fallbacks with their aliases. */
const otherNames = ({ variable, fallbacks }: Setting<unknown>): readonly string[] => [
  ...namesOf(variable).slice(1),
  ...fallbacks.flatMap(namesOf)
]

const rowsOf = ({ group }: Section): readonly Setting<unknown>[] => Object.values(group)

interface Present {
  readonly value: string
  readonly source: string
  /** Whether the value is accepted by the commands that use it. */
  readonly valid: boolean
}

/** The present value of a setting and its source. The value of a secret is never shown. */
const presentOf = (setting: Setting<unknown>, sources: Sources): Present | undefined => {
  const found = find(setting, sources)
  if (found === undefined) return undefined
  if ('contradiction' in found) return { value: found.contradiction, source: 'several names', valid: false }
  const value = shown(setting, found.text)
  return { value, source: found.source, valid: setting.kind.parse(found.text) !== undefined }
}

const asValue = ({ value, source, valid }: Present): string => `${value}  (${source}${valid ? '' : ', wrong'})`

const asText = (sections: readonly Section[], sources: Sources): string =>
  sections
    .map((section) => {
      const rows = rowsOf(section).map((setting) => {
        const present = presentOf(setting, sources)
        const value = present ? asValue(present) : setting.defaultText || '(not set)'
        const names = otherNames(setting)
        const others = names.length === 0 ? '' : `\n    also: ${names.join(', ')}`
        return `  ${setting.variable} = ${value}\n    ${setting.description}\n    ${setting.kind.expected}${others}`
      })
      return `${section.title}\n\n${rows.join('\n')}\n`
    })
    .join('\n')

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** A table in Markdown. The cells are not escaped. */
export const markdownTable = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')

/** `RALPH_BACKENDS__ES__…`: the group of a variable, and its parameter. Undefined: it is not a variable of a backend. */
const partsOf = (variable: string) => {
  const [, group, backend, parameter] = /^RALPH_BACKENDS__([A-Z]+)__([A-Z0-9]+)__(.+)$/.exec(variable) ?? []
  if (group === undefined || backend === undefined || parameter === undefined) return undefined
  return { before: `RALPH_BACKENDS__${group}__${backend}__…`, after: `…__${backend}__${parameter}` }
}

/** Every group name and every parameter with aliases. A variable may combine any two of them. */
const otherNamesAsMarkdown = (sections: readonly Section[]): string => {
  const before = new Map<string, Set<string>>()
  const after = new Map<string, Set<string>>()
  for (const setting of sections.flatMap(rowsOf)) {
    const own = partsOf(setting.variable)
    if (own === undefined) continue
    for (const other of otherNames(setting).map(partsOf)) {
      if (other === undefined) continue
      if (other.before !== own.before) before.set(own.before, (before.get(own.before) ?? new Set()).add(other.before))
      if (other.after !== own.after) after.set(own.after, (after.get(own.after) ?? new Set()).add(other.after))
    }
  }
  if (before.size === 0) return ''
  const rows = [...before, ...after].map(([name, others]) =>
    [name, [...others].join('`, `')].map((text) => `\`${text}\``)
  )
  return `\n### Other names\n\n${markdownTable(['name', 'also'], rows)}`
}

const asMarkdown = (sections: readonly Section[]): string => {
  const tables = sections.map((section) => {
    const rows = rowsOf(section).map(({ variable, defaultText, description }) => [
      `\`${variable}\``,
      cell(defaultText.replace(/^\S+$/, '`$&`')),
      cell(description)
    ])
    return `### ${section.title}\n\n${markdownTable(['variable', 'default', 'meaning'], rows)}`
  })
  return tables.join('\n') + otherNamesAsMarkdown(sections)
}

/** A `.env` file with everything commented out. */
const asEnv = (sections: readonly Section[]): string =>
  sections
    .map((section) => {
      const rows = rowsOf(section).map((setting) => {
        const fixed = /\s/.test(setting.defaultText) ? '' : setting.defaultText
        return `# ${setting.description}\n# Expects ${setting.kind.expected}.\n#${setting.variable}=${fixed}\n`
      })
      return `## ${section.title}\n\n${rows.join('\n')}`
    })
    .join('\n')

const asJson = (sections: readonly Section[], sources: Sources): string => {
  const rows = sections.flatMap((section) =>
    rowsOf(section).map((setting) => ({
      group: section.title,
      variable: setting.variable,
      aliases: otherNames(setting),
      flag: `--${setting.flag}`,
      expected: setting.kind.expected,
      default: setting.defaultText === '' ? null : setting.defaultText,
      description: setting.description,
      secret: setting.secret,
      set: presentOf(setting, sources) ?? null
    }))
  )
  return `${JSON.stringify(rows, null, 2)}\n`
}

/** The reference of all settings. `text` and `json` also show the present values. Values of secrets are never shown. */
export const describeSettings = (sections: readonly Section[], format: DescriptionFormat, sources: Sources): string => {
  switch (format) {
    case 'text':
      return asText(sections, sources)
    case 'markdown':
      return asMarkdown(sections)
    case 'env':
      return asEnv(sections)
    case 'json':
      return asJson(sections, sources)
  }
}
