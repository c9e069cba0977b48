import type { Position } from './filters.ts'

/** One text may be as long as a text can be at all: what is around it no longer fits into the same one. */
const joined = (before: string, texts: readonly string[], after: string): Buffer => {
  if (texts.length > 1) return Buffer.from(`${before}${texts.join(',')}${after}`)
  return Buffer.concat([before, ...texts, after].map((text) => Buffer.from(text)))
}

/**
 * A page in one piece, made of its statements: their texts as UTF-8, with commas between them, in a frame. Pages of several
 * statements are no longer than `maxPageSize`, hence far from what a text can hold.
 */
export const textPageOf = <Statement extends Position & { readonly text: string }>(
  { statements, more }: { readonly statements: readonly Statement[]; readonly more: boolean },
  frame: { readonly before: string; after(end: Position | undefined): string }
) => {
  const last = statements.at(-1)
  const end = more && last ? { stored: last.stored, id: last.id } : undefined
  return {
    json: joined(
      frame.before,
      statements.map(({ text }) => text),
      frame.after(end)
    ),
    count: statements.length,
    newest: last && Math.max(statements[0]?.stored ?? 0, last.stored),
    end
  }
}
