import type { Position } from './filters.ts'

/** One text may have the maximum length of a string. Then the text around it does not fit into the same string. */
const joined = (before: string, texts: readonly string[], after: string): Buffer => {
  if (texts.length > 1) return Buffer.from(`${before}${texts.join(',')}${after}`)
  return Buffer.concat([before, ...texts, after].map((text) => Buffer.from(text)))
}

interface Frame {
  readonly before: string
  after(end: Position | undefined): string
}

/** Where a page ends, and how new it is. `places` are the positions of its statements. */
const boundsOf = (places: readonly Position[], more: boolean) => {
  const last = places.at(-1)
  return {
    count: places.length,
    newest: last && Math.max(places[0]?.stored ?? 0, last.stored),
    end: more && last ? { stored: last.stored, id: last.id } : undefined
  }
}

/**
 * A page in one piece: the texts of its statements as UTF-8, with commas between them, in a frame. A page of several statements is at most
 * `maxPageSize` bytes long, far below the maximum length of a string.
 */
export const textPageOf = (
  {
    statements,
    more
  }: { readonly statements: readonly (Position & { readonly text: string })[]; readonly more: boolean },
  frame: Frame
) => {
  const bounds = boundsOf(statements, more)
  const texts = statements.map(({ text }) => text)
  return { json: joined(frame.before, texts, frame.after(bounds.end)), ...bounds }
}

const comma = Buffer.from(',')

/** The same page, from texts that are bytes already. */
export const textPageOfBytes = (
  {
    places,
    texts,
    more
  }: { readonly places: readonly Position[]; readonly texts: readonly Uint8Array[]; readonly more: boolean },
  frame: Frame
) => {
  const bounds = boundsOf(places, more)
  const pieces: Uint8Array[] = [Buffer.from(frame.before)]
  for (const [index, text] of texts.entries()) {
    if (index > 0) pieces.push(comma)
    pieces.push(text)
  }
  pieces.push(Buffer.from(frame.after(bounds.end)))
  return { json: Buffer.concat(pieces), ...bounds }
}
