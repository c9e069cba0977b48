import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { DeliveredStatement } from '../../src/contracts/imports.ts'
import type { MessageStatus } from '../../src/contracts/listeners.ts'
import { statementsIn } from '../../src/imports/statements-in.ts'
import { createTogether } from '../../src/listeners/built-in/together.ts'
import { createMessageWriter, type MessageUpdate } from '../../src/listeners/databases/message-writer.ts'

const statement = (id: unknown = randomUUID()) => ({ id, actor: {}, verb: {}, object: {} })
const delivered = (id: string): DeliveredStatement => ({ text: '{}', id })

t.test('plain statements are written at once, all else is an import', async (t) => {
  const [one, two] = [statement(), statement('AB')]
  t.same(
    statementsIn(JSON.stringify(one, null, 2))?.map(({ id }) => id),
    [one.id],
    'printed over several lines'
  )
  t.same(
    statementsIn(`${JSON.stringify(one)}\n\n${JSON.stringify(two)}\n`)?.map(({ id }) => id),
    [one.id, 'ab']
  )
  t.equal(
    statementsIn('{"id":"x","actor":1.0,"verb":2,"object":3}')?.[0]?.text,
    '{"id":"x","actor":1.0,"verb":2,"object":3}'
  )
  for (const text of [
    '',
    '{',
    '[]',
    JSON.stringify([one]),
    JSON.stringify({ ...one, id: undefined }),
    '{"event_type":"x"}'
  ])
    t.equal(statementsIn(text), undefined, text)
  t.equal(statementsIn(`${JSON.stringify(one)}\n{}`), undefined, 'one line that is something else')
})

t.test('messages that come together are one write, and each hears of its own', async (t) => {
  const writes: string[][] = []
  let fails = false
  const write = createTogether(async (statements) => {
    writes.push(statements.map(({ id }) => id))
    if (fails) throw new Error('away')
    const rejected = statements.flatMap(({ id }, index) => (id === 'bad' ? [{ index, reason: 'no' }] : []))
    return { written: statements.length - rejected.length, already: 0, rejected }
  })
  const refused = await Promise.all([
    write([delivered('a'), delivered('b')]),
    write([delivered('c'), delivered('bad')]),
    write([delivered('d')])
  ])
  t.same(writes, [['a', 'b', 'c', 'bad', 'd']])
  t.same(refused, [[], ['no'], []])
  const many = Array.from({ length: 300 }, (_, index) => delivered(String(index)))
  await Promise.all([write(many), write(many), write(many)])
  t.same(
    writes.slice(1).map(({ length }) => length),
    [300, 300, 300],
    'a write has 500 at most, and no message is cut in two'
  )
  fails = true
  const failed = await Promise.allSettled([write([delivered('e')]), write([delivered('f')])])
  t.same(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
    'none is durable, none is acknowledged'
  )
})

t.test('rows are written together; the end of a message replaces that it is under way', async (t) => {
  const writes: (readonly MessageUpdate[])[] = []
  const writer = createMessageWriter(async (updates) => {
    writes.push(updates)
  })
  const update = (uuid: string, status: MessageStatus) => writer.update({ message: { uuid }, status, info: undefined })
  await Promise.all([update('a', 'QUERYING'), update('a', 'PROCESSING'), update('a', 'DONE'), update('b', 'DONE')])
  t.same(
    writes.map((each) => each.map(({ message, status }) => `${message.uuid} ${status}`)),
    [['a DONE', 'b DONE']]
  )
  const note = update('c', 'PROCESSING')
  await writer.settled()
  await note
  t.match(writes[1], [{ status: 'PROCESSING' }], 'the end of the process waits for it')
})
