import { messageOf, RalphError } from '../../errors.ts'
import { decodeUtf8, elements, members, onOneLine } from '../../json/exact.ts'
import { isObject } from '../../json/values.ts'
import type { LrsAnswer } from '../../network/lrs-answer.ts'
import { firstPart } from './multipart.ts'

/** Statements with the text of the LRS, one on each line. */
export interface StatementsPage {
  readonly lines: readonly string[]
  /** The link to the next page, as the LRS wrote it. Undefined: this is the last page. */
  readonly more: string | undefined
}

const unreadable = (url: URL, reason: string, cause?: unknown): RalphError =>
  new RalphError(
    'STORE_UNAVAILABLE',
    `${url.origin}${url.pathname} did not answer with statements: ${reason}; is it an LRS?`,
    {},
    { cause }
  )

/** The text is split only after it was parsed. The parts stay unchanged. */
export const readPage = (answer: LrsAnswer, url: URL): StatementsPage => {
  let text: string
  let value: unknown
  try {
    text = decodeUtf8(firstPart(answer))
    value = JSON.parse(text)
  } catch (error) {
    throw unreadable(url, messageOf(error), error)
  }
  if (!isObject(value)) throw unreadable(url, 'it is JSON, but not an object')
  if (!Object.hasOwn(value, 'statements')) {
    if (Object.hasOwn(value, 'verb')) return { lines: [onOneLine(text.trim())], more: undefined }
    throw unreadable(url, 'it has neither "statements" nor a "verb"')
  }
  const { statements, more } = value
  if (typeof statements !== 'object' || statements === null) throw unreadable(url, '"statements" is not a list')
  if (more !== undefined && more !== null && typeof more !== 'string') throw unreadable(url, '"more" is not a string')
  const member = members(text).findLast(({ key }) => key === 'statements')
  const list = member === undefined ? '' : text.slice(member.valueStart, member.end)
  return {
    lines: elements(list).map((element) => onOneLine(element.text)),
    more: more === null || more === '' ? undefined : more
  }
}

/** The link may be a whole URL, a path from the root, a relative path, or only a query. */
export const nextUrl = (more: string, page: URL): URL => {
  const next = URL.canParse(more, page.href) ? new URL(more, page) : undefined
  if (next === undefined) throw unreadable(page, `its "more" is not a URL: ${JSON.stringify(more)}`)
  if (next.origin !== page.origin) {
    throw new RalphError(
      'FORBIDDEN',
      `the LRS says that more statements are at ${next.origin}, to which the credentials for ${page.origin} are not sent; if that is the same LRS, make it BASE_URL`
    )
  }
  next.hash = ''
  if (next.href === page.href) throw unreadable(page, 'its "more" leads to the same page again')
  return next
}
