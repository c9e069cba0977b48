import t from 'tap'
import { bindStatements } from '../../src/listeners/databases/named-values.ts'

const bind = (sql: string, values: object = {}) => bindStatements(sql, { ...values }, (number) => `$${number}`)

t.test('both forms of placeholders become numbers, and values stay out of the text', async (t) => {
  t.same(bind('INSERT INTO a VALUES (%(x)s, :y, :x)', { x: "'); DROP TABLE a; --", y: null }), [
    { text: 'INSERT INTO a VALUES ($1, $2, $3)', values: ["'); DROP TABLE a; --", null, "'); DROP TABLE a; --"] }
  ])
})

t.test('what looks like a placeholder in a literal, a name, a comment or between dollars is none', async (t) => {
  for (const kept of [
    "SELECT ':x %(x)s; it''s'",
    "SELECT E'\\':x'",
    'SELECT 1 AS ":x"',
    'SELECT 1 -- :x ;\n + 1',
    'SELECT 1 /* :x ; */',
    'SELECT $body$ :x; $body$',
    'SELECT 1::text',
    'SELECT a[1:n]'
  ]) {
    t.same(bind(kept), [{ text: kept, values: [] }], kept)
  }
})

t.test('each statement has its own numbers, and an empty one is none', async (t) => {
  t.same(
    bind('SELECT :x;\n-- the end\n;SELECT :y;', { x: 1, y: { a: 1 } }),
    [
      { text: 'SELECT $1', values: [1] },
      { text: '\n-- the end\n', values: [] },
      { text: 'SELECT $1', values: ['{"a":1}'] }
    ].filter(({ text }) => text.includes('SELECT'))
  )
})

t.test('a value that is missing is named', async (t) => {
  t.throws(() => bind('SELECT :who'), { code: 'INVALID_PARAMETER', message: /who/ })
})
