import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createIdFilter } from '../../src/backends/clickhouse/bloom-filter.ts'
import { bytesOfId, idOfBytes, keyOfToken, tokenOfKey, uuidOfBytes } from '../../src/backends/clickhouse/keys.ts'
import { tokenOf } from '../../src/storage/batching/tokens.ts'
import { anId } from '../support/statements.ts'

t.test('an id that was added is known, however many are, random or counted up', async (t) => {
  const counted = (number: number): Buffer => {
    const id = Buffer.alloc(16)
    id.writeUInt32BE(number, 12)
    return id
  }
  for (const next of [() => randomBytes(16), counted]) {
    const filter = createIdFilter(10)
    const ids = Array.from({ length: 20_000 }, (_, index) => next(index))
    for (const id of ids) filter.add(id)
    t.equal(ids.filter((id) => !filter.mayHave(id)).length, 0)
    const others = Array.from({ length: 20_000 }, (_, index) => next(20_000 + index))
    const mistaken = others.filter((id) => filter.mayHave(id)).length
    t.ok(mistaken < 20, `${mistaken} of 20,000 new ones are taken for known ones`)
  }
})

t.test('ids and tokens come back from their keys as they were', async (t) => {
  for (let count = 0; count < 100; count += 1) {
    const id = anId()
    t.equal(idOfBytes(bytesOfId(id)), id)
    const token = tokenOf(`a${id}`)
    t.equal(tokenOfKey(keyOfToken(token)), token)
  }
  const sorted = ['00000000-0000-4000-8000-000000000001', '0f000000-0000-0000-0000-000000000000', 'f0', 'ff']
  t.equal(Buffer.compare(bytesOfId(sorted[0] ?? ''), bytesOfId(sorted[1] ?? '')), -1, 'keys sort as ids do')
  t.equal(
    uuidOfBytes(bytesOfId('00112233-4455-6677-8899-aabbccddeeff')).toString('hex'),
    '7766554433221100ffeeddccbbaa9988'
  )
})
