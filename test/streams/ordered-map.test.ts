import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { mapInOrder, moduleBeside } from '../../src/streams/ordered-map.ts'
import type { ThreadChunk } from '../../src/streams/thread-work.ts'
import type { Shouted } from './shouting.ts'

const options = { module: moduleBeside('shouting', import.meta.url), data: { mark: '!' }, jobs: 3, startAfter: 0 }

const piece = (text: string): ThreadChunk => ({ bytes: Buffer.from(text) })

async function* pieces(texts: Iterable<string>, made: string[] = []): AsyncGenerator<ThreadChunk> {
  for (const text of texts) {
    made.push(text)
    yield piece(text)
  }
}

const textOf = ({ bytes }: ThreadChunk): string => Buffer.from(bytes).toString()

/** What came until the end or an error. */
const gather = async (mapped: AsyncIterable<Shouted>) => {
  const texts: string[] = []
  const used = new Set<number>()
  try {
    for await (const each of mapped) {
      texts.push(textOf(each))
      used.add(each.thread)
    }
    return { texts, used, error: undefined }
  } catch (error) {
    return { texts, used, error }
  }
}

t.test('results come in the order of the pieces, however long each takes and wherever it is done', async (t) => {
  const used = new Set<number>()
  const made: string[] = []
  // Until every thread has started and had something to do.
  const texts = function* () {
    for (let index = 0; used.size < 3; index += 1) yield index % 7 === 0 ? `slow ${index}` : `piece ${index}`
  }
  const got: string[] = []
  for await (const each of mapInOrder<ThreadChunk, Shouted>(pieces(texts(), made), options)) {
    got.push(textOf(each))
    used.add(each.thread)
  }
  t.same(
    got,
    made.map((text) => `${text.toUpperCase()}!`)
  )
})

t.test('one job is done here, and so is a short input', async (t) => {
  const texts = ['slow', 'slow', 'slow', 'slow', 'slow']
  for (const few of [{ jobs: 1 }, { startAfter: 1000 }]) {
    const { texts: got, used } = await gather(mapInOrder(pieces(texts), { ...options, ...few }))
    t.equal(got.length, 5)
    t.same([...used], [0])
  }
})

t.test('no input, no results', async (t) => {
  t.same((await gather(mapInOrder(pieces([]), options))).texts, [])
})

t.test('the bytes of a piece stay with whoever made it', async (t) => {
  const kept = [piece('slow one'), piece('two')]
  await gather(
    mapInOrder(
      (async function* () {
        for (let round = 0; round < 30; round += 1) yield* kept
      })(),
      options
    )
  )
  t.same(kept.map(textOf), ['slow one', 'two'])
})

t.test('while nobody takes results, the input is held up', async (t) => {
  const made: string[] = []
  const endless = function* () {
    for (let index = 0; ; index += 1) yield `piece ${index}`
  }
  for await (const each of mapInOrder<ThreadChunk, Shouted>(pieces(endless(), made), options)) {
    t.equal(textOf(each), 'PIECE 0!')
    await wait(100)
    break
  }
  t.ok(made.length <= 3 * 4 + 2, `${made.length} were made`)
})

t.test('large pieces are not heaped up', async (t) => {
  const made: string[] = []
  const large = 'x'.repeat(2 ** 22)
  for await (const _ of mapInOrder<ThreadChunk, Shouted>(pieces([large, large, large, large, large], made), options))
    break
  t.ok(made.length <= 3, `${made.length} were made`)
})

t.test('a result does not wait for the piece behind it', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const paused = async function* () {
    yield piece('first')
    await promise
    yield piece('second')
  }
  const mapped = mapInOrder<ThreadChunk, Shouted>(paused(), options)
  const first = await mapped.next()
  t.equal(first.done === false && textOf(first.value), 'FIRST!')
  resolve()
  t.same((await gather(mapped)).texts, ['SECOND!'])
})

t.test('an error of the work is thrown behind all that came before it, with its code', async (t) => {
  for (const jobs of [1, 3]) {
    const texts = [...Array.from({ length: 40 }, () => 'slow'), 'refuse', 'slow']
    const { texts: got, error } = await gather(mapInOrder(pieces(texts), { ...options, jobs }))
    t.equal(got.length, 40)
    t.match(error, { code: 'INVALID_INPUT', message: 'it was refused', details: { line: 7 } })
  }
})

t.test('a defect of the work is one', async (t) => {
  const texts = [...Array.from({ length: 40 }, () => 'slow'), ...Array.from({ length: 20 }, () => 'break')]
  t.match((await gather(mapInOrder(pieces(texts), options))).error, { message: /it broke/ })
})

t.test('an error of the input is thrown behind all that came before it', async (t) => {
  const failing = async function* () {
    for (let index = 0; index < 40; index += 1) yield piece('slow')
    throw new Error('the input broke')
  }
  const { texts, error } = await gather(mapInOrder(failing(), options))
  t.equal(texts.length, 40)
  t.match(error, { message: 'the input broke' })
})

t.test('a thread that ends by itself is an error, not a wait', async (t) => {
  const texts = function* () {
    for (;;) yield 'exit'
  }
  t.match((await gather(mapInOrder(pieces(texts()), options))).error, { code: 'INTERNAL', message: /code 3/ })
})

t.test('a module that does no work is named', async (t) => {
  const module = new URL('../../src/streams/thread-work.ts', import.meta.url)
  t.match((await gather(mapInOrder(pieces(['x']), { ...options, module }))).error, {
    code: 'INTERNAL',
    message: /thread-work\.ts does not export a function createWork/
  })
})

t.test('a module is found beside its importer, in the sources and in the package', async (t) => {
  t.equal(moduleBeside('work', 'file:///ralph/src/toolbox/validate.ts').href, 'file:///ralph/src/toolbox/work.ts')
  t.equal(
    moduleBeside('work', 'file:///ralph/dist/src/toolbox/validate.js').href,
    'file:///ralph/dist/src/toolbox/work.js'
  )
})
