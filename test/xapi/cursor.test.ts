import { createHash } from 'node:crypto'
import t from 'tap'
import { decodeCursor, encodeCursor } from '../../src/xapi/cursor.ts'

const cursor = {
  parameters: [
    ['agent', '{"mbox":"mailto:zoë@example.org"}'],
    ['limit', '2']
  ] as const,
  position: { stored: 1_795_000_000_000_123, id: '11111111-1111-4111-8111-111111111111' }
}

t.test('a cursor carries the question and the position, in characters that a URL leaves alone', async (t) => {
  const text = encodeCursor(cursor)
  t.match(text, /^[\w.-]+$/)
  t.same(decodeCursor(text), cursor)
})

t.test('an altered cursor is refused', async (t) => {
  const text = encodeCursor(cursor)
  for (let at = 0; at < text.length; at += 1) {
    const altered = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
    t.throws(() => decodeCursor(altered), { code: 'INVALID_CURSOR' })
  }
  for (const other of ['', '.', 'abc', `${text}x`, text.slice(1)]) {
    t.throws(() => decodeCursor(other), { code: 'INVALID_CURSOR' })
  }
})

t.test('a cursor with check digits that somebody worked out is refused unless it has the shape of one', async (t) => {
  const forge = (text: string): string =>
    `${text}.${createHash('sha256').update(`ralph more 1 ${text}`).digest('base64url').slice(0, 12)}`
  for (const content of ['', 'null', '{}', '[]', '[[],"1","x"]', '[[["a"]],1,"x"]', '[[],1.5,"x"]', 'not json']) {
    t.throws(() => decodeCursor(forge(Buffer.from(content).toString('base64url'))), { code: 'INVALID_CURSOR' }, content)
  }
})
