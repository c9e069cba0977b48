import type { PageFrame, StoredStatement, TextPage } from '../../contracts/statement-store.ts'
import { setAside } from '../../json/set-aside.ts'
import { maxPageSize, type StatementQuery } from '../../xapi/filters.ts'
import { canonical, idsOnly } from '../../xapi/format.ts'
import type { Statement } from '../../xapi/statement.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import type { Call } from '../call.ts'
import { createYielder, mapYielding } from '../yielding.ts'
import { createDescriber } from './describer.ts'
import { findStatements } from './found-statements.ts'
import type { StatementFormat } from './read-query.ts'

/** Converts statements to another format, one after the other (Communication §2.1.3, `format`). */
type Shape = (found: readonly StoredStatement[]) => AsyncIterable<StoredStatement>

export const shapeAs = (
  call: Call,
  format: Exclude<StatementFormat, 'exact'>,
  acceptLanguage: string | undefined
): Shape => {
  const describer = format === 'canonical' ? createDescriber(call, acceptLanguage) : undefined
  return async function* (found) {
    const turns = createYielder()
    const parsed = await mapYielding(found, (stored) => {
      const { text, putBack } = setAside(stored.text)
      // The store contains only validated statements.
      return { stored, statement: JSON.parse(text) as Statement, putBack }
    })
    const statements = parsed.map(({ statement }) => statement)
    for (const [at, { stored, statement, putBack }] of parsed.entries()) {
      await turns.rest()
      await describer?.learnFor(statements, at)
      const shaped =
        describer === undefined
          ? idsOnly(statement)
          : canonical(statement, describer.descriptionsFor(stored.text.length), acceptLanguage)
      yield { ...stored, text: putBack(JSON.stringify(shaped)) }
    }
  }
}

/** A page of statements in another format. Its length counts as sent, because definitions make statements longer. */
export const readShapedPage = async (
  call: Call,
  query: StatementQuery,
  frame: PageFrame,
  shape: Shape,
  look: (statement: StoredStatement) => void
): Promise<TextPage> => {
  const shaped: StoredStatement[] = []
  let [size, more] = [0, false]
  walk: for await (const page of findStatements(call, query)) {
    more = page.more
    let at = 0
    for await (const each of shape(page.statements)) {
      size += Buffer.byteLength(each.text)
      if (shaped.length === query.limit || (shaped.length > 0 && size > maxPageSize)) {
        more = true
        break walk
      }
      shaped.push(each)
      const original = page.statements[at]
      if (original !== undefined) look(original)
      at += 1
    }
  }
  return textPageOf({ statements: shaped, more }, frame)
}
