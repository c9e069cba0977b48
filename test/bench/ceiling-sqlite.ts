import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { freshStatements } from './corpus.ts'

/**
 * The ceiling of any durable store on SQLite: four columns, transactions of 100, as fast as they go in.
 * `node ceiling-sqlite.ts <file> <seconds>`; prints statements per second.
 */
const [file = '', seconds = '3'] = process.argv.slice(2)
const database = new DatabaseSync(file)
database.exec('PRAGMA journal_mode = WAL')
database.exec('PRAGMA synchronous = FULL')
database.exec('CREATE TABLE statement (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, stored INTEGER, body TEXT)')
const insert = database.prepare('INSERT INTO statement (id, stored, body) VALUES (?, ?, ?)')

const statements = freshStatements()
// Made before the clock starts: making a text is not SQLite's work.
const bodies = Array.from({ length: 5000 }, statements.next)

const end = performance.now() + Number(seconds) * 1000
const began = performance.now()
let done = 0
while (performance.now() < end) {
  database.exec('BEGIN IMMEDIATE')
  for (let row = 0; row < 100; row++, done++) insert.run(randomUUID(), done, bodies[done % bodies.length] ?? '')
  database.exec('COMMIT')
}
process.stdout.write(`${done / ((performance.now() - began) / 1000)}\n`)
database.close()
