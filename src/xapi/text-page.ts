import type { Position } from './filters.ts'

/** A page in one piece, made of its statements: their texts as UTF-8, with commas between them, in a frame. */
export const textPageOf = <Statement extends Position & { readonly text: string }>(
  { statements, more }: { readonly statements: readonly Statement[]; readonly more: boolean },
  frame: { readonly before: string; after(end: Position | undefined): string }
) => {
  const last = statements.at(-1)
  const end = more && last ? { stored: last.stored, id: last.id } : undefined
  return {
    json: Buffer.from(`${frame.before}${statements.map(({ text }) => text).join(',')}${frame.after(end)}`),
    newest: last && Math.max(statements[0]?.stored ?? 0, last.stored),
    end
  }
}
