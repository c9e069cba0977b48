import type { ConversionRow } from '../toolbox/converters.ts'

export const tableFormats = ['text', 'markdown', 'json'] as const
export type TableFormat = (typeof tableFormats)[number]

const familiesOf = (rows: readonly ConversionRow[]): readonly (readonly [string, readonly ConversionRow[]])[] => [
  ...Map.groupBy(rows, ({ family }) => family)
]

const asText = (rows: readonly ConversionRow[]): string =>
  familiesOf(rows)
    .map(([family, ofFamily]) => {
      const blocks = ofFamily.map(
        ({ events, source, seen, verb, object, profile, result, context, ralph, aspects }) => {
          const lines = [
            ['verb', verb],
            ['object', object],
            ['profile', profile],
            ['result', result],
            ['context', context],
            ['seen', seen],
            ['ralph', ralph],
            ['aspects', aspects]
          ].flatMap(([title = '', text = '']) => (text === '' ? [] : [`    ${title.padEnd(8)}${text}`]))
          return [`  ${events.join('\n  ')} (${source})`, ...lines].join('\n')
        }
      )
      return `${family}\n\n${blocks.join('\n')}\n`
    })
    .join('\n')

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const asMarkdown = (rows: readonly ConversionRow[]): string =>
  familiesOf(rows)
    .map(([family, ofFamily]) => {
      const lines = ofFamily.map(({ events, source, seen, verb, object, profile, result, context, ralph, aspects }) => {
        const named = events.map((event) => `\`${event}\``).join('<br>')
        return `| ${[named, ...[source, seen, verb, object, profile, result, context, ralph, aspects].map(cell)].join(' | ')} |`
      })
      const titles = ['event', 'source', 'seen in logs', 'verb', 'object', 'profile', 'result', 'context']
      const head = `| ${[...titles, '`--compat ralph`', '`--shape aspects`'].join(' | ')} |\n${'|---'.repeat(titles.length + 2)}|`
      return `### ${family}\n\n${head}\n${lines.join('\n')}\n`
    })
    .join('\n')

/** The list of conversions, for people, for a document or for programs. */
export const formatConversions = (rows: readonly ConversionRow[], format: TableFormat): string => {
  switch (format) {
    case 'text':
      return asText(rows)
    case 'markdown':
      return asMarkdown(rows)
    case 'json':
      return `${JSON.stringify(rows, null, 2)}\n`
  }
}
