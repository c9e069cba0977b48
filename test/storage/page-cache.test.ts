import t from 'tap'
import type { PageFrame } from '../../src/contracts/statement-store.ts'
import { createPageCache, type PageSource } from '../../src/storage/page-cache.ts'
import { asQuery } from '../support/oracle.ts'

const frame: PageFrame = { before: '[', after: () => ']' }

/** Questions are told apart by their limit. */
const question = (number: number) => asQuery({ limit: number })

const aSource = (size = 400) => {
  const source = { now: 1, revisions: 0, reads: 0 }
  const pages: PageSource = {
    revision: () => {
      source.revisions += 1
      return source.now
    },
    read: async () => {
      source.reads += 1
      return { json: new Uint8Array(size), count: 0, newest: undefined, end: undefined }
    }
  }
  return { source, pages }
}

t.test('a page that stays the same is read twice, and then no more', async (t) => {
  const cache = createPageCache({ size: 1000 })
  const { source, pages } = aSource()
  await cache.get(question(1), frame, pages)
  t.equal(source.revisions, 0, 'of who walks through a store nothing is asked besides')
  const kept = await cache.get(question(1), frame, pages)
  t.equal(await cache.get(question(1), frame, pages), kept)
  t.equal(source.reads, 2)
  source.now = 2
  t.not(await cache.get(question(1), frame, pages), kept)
  t.not(await cache.get(question(1), { before: '{', after: () => '}' }, pages), kept)
})

t.test('a page that others changed statements under is read again', async (t) => {
  const cache = createPageCache({ size: 1000 })
  const { source, pages } = aSource()
  const whileReading: PageSource = {
    ...pages,
    read: () => {
      source.now += 1
      return pages.read()
    }
  }
  for (let times = 1; times <= 3; times += 1) {
    await cache.get(question(1), frame, whileReading)
    t.equal(source.reads, times)
  }
})

t.test('no more pages are kept than there is room for', async (t) => {
  const cache = createPageCache({ size: 1000 })
  const { source, pages } = aSource()
  for (const number of [1, 2, 3, 1, 2, 3]) await cache.get(question(number), frame, pages)
  t.equal(source.reads, 6)
  await cache.get(question(3), frame, pages)
  await cache.get(question(2), frame, pages)
  t.equal(source.reads, 6, 'the two that were asked last')
  await cache.get(question(1), frame, pages)
  t.equal(source.reads, 7)
  const large = aSource(2000)
  for (let times = 1; times <= 3; times += 1) await cache.get(question(4), frame, large.pages)
  t.equal(large.source.reads, 3)
})
