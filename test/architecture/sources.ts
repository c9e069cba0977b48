import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'

export interface Source {
  /** Its path in the repository, such as `src/errors.ts`. */
  readonly file: string
  readonly text: string
  readonly syntax: ts.SourceFile
}

/** Every file of src, parsed once. */
export const sources: readonly Source[] = globSync('src/**/*.ts')
  .map((file) => file.replaceAll('\\', '/'))
  .sort()
  .map((file) => {
    const text = readFileSync(file, 'utf8')
    return { file, text, syntax: ts.createSourceFile(file, text, ts.ScriptTarget.ES2024, true) }
  })

/** The line of a position in a file; the first is 1. */
export const lineOf = ({ syntax }: Source, position: number): number =>
  syntax.getLineAndCharacterOfPosition(position).line + 1
