import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { sampleStatements } from '../../src/sample/index.ts'

/** A statement's JSON text in two halves, between which its id goes. */
type Template = readonly [string, string]

const shared = fileURLToPath(new URL('../../../shared/data/statements.json.gz', import.meta.url))

export const corpusSize = 22_000
export const corpusName = existsSync(shared) ? '22,000 real statements' : '22,000 statements of `ralph sample`'

const lines = (): string[] =>
  existsSync(shared)
    ? gunzipSync(readFileSync(shared)).toString().trimEnd().split('\n').slice(0, corpusSize)
    : Array.from(sampleStatements({ count: corpusSize }), (statement) => JSON.stringify(statement))

const templateOf = (line: string): Template => {
  const { id } = JSON.parse(line)
  const [before, after, ...more] = line.split(`"${id}"`)
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`no unique place for an id: ${line}`)
  return [`${before}"`, `"${after}`]
}

/** Gives statement after statement, round and round, each time under a fresh id. */
export const freshStatements = (): { next: () => string; nextArray: (size: number) => string } => {
  const templates = lines().map(templateOf)
  let position = 0
  const next = (): string => {
    const [before, after] = templates[position++ % templates.length] ?? ['', '']
    return before + randomUUID() + after
  }
  return {
    next,
    nextArray: (size) => {
      let text = `[${next()}`
      for (let more = 1; more < size; more++) text += `,${next()}`
      return `${text}]`
    }
  }
}
