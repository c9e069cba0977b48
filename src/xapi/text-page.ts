import type { Position } from './filters.ts'

/** A page in one piece, made of its statements: their texts as UTF-8, with commas between them. */
export const textPageOf = <Statement extends Position & { readonly text: string }>({
  statements,
  more
}: {
  readonly statements: readonly Statement[]
  readonly more: boolean
}) => {
  const last = statements.at(-1)
  return {
    json: Buffer.from(statements.map(({ text }) => text).join(',')),
    newest: last && Math.max(statements[0]?.stored ?? 0, last.stored),
    end: more && last ? { stored: last.stored, id: last.id } : undefined
  }
}
