import type { QueryValues } from '../../contracts/listeners.ts'
import { RalphError } from '../../errors.ts'

/** A statement of SQL with its values bound by numbers. */
export interface BoundStatement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** What is not looked into: literals, quoted names, comments, bodies between dollars. */
const opaque =
  /[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*|)\$[\s\S]*?\$\1\$/y

const placeholder = /%\(([A-Za-z_]\w*)\)s|(?<![\w:\]]):([A-Za-z_]\w*)/y

const isEmpty = (text: string): boolean => text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() === ''

const valueFor = (name: string, values: QueryValues): unknown => {
  if (!Object.hasOwn(values, name)) {
    throw new RalphError('INVALID_PARAMETER', `the query needs a value for ${name}, which was not given`)
  }
  const value = values[name] ?? null
  const isPlain = typeof value !== 'object' || value === null || Array.isArray(value)
  return isPlain || value instanceof Date || value instanceof Uint8Array ? value : JSON.stringify(value)
}

/**
 * The statements of a text, with `%(name)s` and `:name` replaced by `mark(1)`, `mark(2)`, …: values are bound, never
 * written into the text. What looks like a placeholder in a literal or a comment is none.
 */
export const bindStatements = (
  sql: string,
  values: QueryValues,
  mark: (number: number) => string
): readonly BoundStatement[] => {
  const statements: BoundStatement[] = []
  let text = ''
  let bound: unknown[] = []
  const end = (): void => {
    if (!isEmpty(text)) statements.push({ text, values: bound })
    text = ''
    bound = []
  }
  for (let at = 0; at < sql.length; ) {
    opaque.lastIndex = at
    const kept = opaque.exec(sql)?.[0]
    placeholder.lastIndex = at
    const found = kept === undefined ? placeholder.exec(sql) : null
    if (kept !== undefined) {
      text += kept
      at += kept.length
    } else if (found !== null) {
      bound.push(valueFor(found[1] ?? found[2] ?? '', values))
      text += mark(bound.length)
      at += found[0].length
    } else {
      if (sql[at] === ';') end()
      else text += sql[at]
      at += 1
    }
  }
  end()
  return statements
}
