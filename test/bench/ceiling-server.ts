import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import fastify from 'fastify'

/**
 * The ceiling of any LRS on Fastify: it parses a body and answers the ids, and it sends a page that it has in memory.
 * With a database, the ceiling of any durable one in one process: each statement becomes a row of four columns, those
 * that arrive in one turn of the event loop in one transaction.
 * `node ceiling-server.ts <file with the page> [<database>]`; tells its URL to the parent process.
 */
const [pageFile = '', databaseFile] = process.argv.slice(2)
const page = readFileSync(pageFile)
const server = fastify({ bodyLimit: 2 ** 26 })

const idOf = (statement: unknown): unknown =>
  typeof statement === 'object' && statement !== null && 'id' in statement ? statement.id : undefined

/** Resolves when the text is durable. */
const keeper = (file: string): ((id: string, text: string) => Promise<void>) => {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec('PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE statement (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, stored INTEGER, body TEXT)')
  const insert = database.prepare('INSERT INTO statement (id, stored, body) VALUES (?, ?, ?)')
  let waiting: { readonly id: string; readonly text: string; readonly done: () => void }[] = []
  const commit = (): void => {
    const group = waiting
    waiting = []
    database.exec('BEGIN IMMEDIATE')
    for (const { id, text } of group) insert.run(id, Date.now(), text)
    database.exec('COMMIT')
    for (const { done } of group) done()
  }
  return (id, text) =>
    new Promise((resolve) => {
      if (waiting.push({ id, text, done: resolve }) === 1) setImmediate(commit)
    })
}

if (databaseFile === undefined) {
  server.post('/xAPI/statements', async ({ body }) => (Array.isArray(body) ? body.map(idOf) : [idOf(body)]))
} else {
  const keep = keeper(databaseFile)
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  server.post('/xAPI/statements', async ({ body }) => {
    const text = String(body)
    const id = String(idOf(JSON.parse(text)) ?? randomUUID())
    await keep(id, text)
    return [id]
  })
}
server.get('/xAPI/statements', async (_request, reply) => reply.type('application/json').send(page))

process.send?.(await server.listen({ host: '127.0.0.1', port: 0 }))
process.once('disconnect', () => server.close())
