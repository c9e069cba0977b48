import { randomBytes } from 'node:crypto'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { type Compression, detectCompression } from '../../src/streams/compression.ts'
import { decompress } from '../../src/streams/decompress.ts'

const inChunks = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const plain = async (bytes: Uint8Array, size = 65_536, compression: Compression = 'auto'): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const chunk of decompress(inChunks(bytes, size), compression)) all.push(chunk)
  return Buffer.concat(all)
}

/** `printf 'one\n' | bzip2` and `printf 'two\n' | bzip2`: Node does not write it. */
const bz2 = [
  'QlpoOTFBWSZTWXgTwIIAAAHBAAAQAgGgACGaaDNNDLxdyRThQkHgTwII',
  'QlpoOTFBWSZTWS63GtcAAAFBgAAQAACEgCAAIZpoM00HPF3JFOFCQLrca1w='
].map((base64) => Buffer.from(base64, 'base64'))

/** A frame of zstd that decoders pass over. */
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])

t.test('how bytes begin says what they are compressed with', async (t) => {
  t.equal(detectCompression(gzipSync('')), 'gzip')
  t.equal(detectCompression(zstdCompressSync('')), 'zstd')
  t.equal(detectCompression(skippable), 'zstd')
  t.equal(detectCompression(bz2[0] ?? Buffer.alloc(0)), 'bz2')
  for (const text of ['', '{', '{"a":1}', 'BZ', '\x1f']) t.equal(detectCompression(Buffer.from(text, 'latin1')), 'none')
})

/** Each chunk in the same buffer, which holds something else when the next one is asked for. */
const lentChunks = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size)
    buffer.fill('?').set(chunk)
    yield buffer.subarray(0, chunk.length)
  }
  buffer.fill('?')
}

t.test('chunks may be lent until the next one is asked for', async (t) => {
  const text = Buffer.from('{"id":1}\n'.repeat(5000))
  const inputs = { none: text, gzip: gzipSync(text), zstd: zstdCompressSync(text), bz2: bz2[0] ?? text }
  for (const [compression, bytes] of Object.entries(inputs)) {
    for (const size of [1, 3, 1000]) {
      const all: Uint8Array[] = []
      // What comes out is lent as well.
      for await (const chunk of decompress(lentChunks(bytes, size), 'auto')) all.push(Buffer.from(chunk))
      const expected = compression === 'bz2' ? 'one\n' : String(text)
      t.ok(String(Buffer.concat(all)) === expected, `${compression} in chunks of ${size}`)
    }
  }
})

t.test('a short line that is not compressed passes before more comes', async (t) => {
  const neverMore = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{}\n')
    await new Promise(() => {})
  }
  const { value } = await decompress(neverMore(), 'auto').next()
  t.equal(String(value), '{}\n')
})

t.test('what is not compressed passes as it is, were it a single byte', async (t) => {
  for (const text of ['', '{', '{"id":1}\n'])
    for (const size of [1, 3, 100]) t.equal(String(await plain(Buffer.from(text), size)), text)
  t.same(await plain(gzipSync('x'), 9, 'none'), gzipSync('x'))
})

t.test('members that follow each other are one, wherever the chunks are cut', async (t) => {
  const one = Buffer.concat([randomBytes(70_000), Buffer.from('x'.repeat(200_000))])
  const two = Buffer.from('two\n')
  const all = Buffer.concat([one, two, one])
  const checksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } }
  const members = {
    gzip: [gzipSync(one), gzipSync(two), gzipSync(one)],
    zstd: [
      zstdCompressSync(one),
      skippable,
      zstdCompressSync(two, checksum),
      zstdCompressSync(one, checksum),
      skippable
    ]
  }
  for (const [name, parts] of Object.entries(members)) {
    const bytes = Buffer.concat(parts)
    for (const size of [1000, 4097, 65_536, bytes.length]) {
      t.ok((await plain(bytes, size)).equals(all), `${name}, chunks of ${size}`)
    }
  }
  for (const size of [1, 5, 1000]) t.equal(String(await plain(Buffer.concat(bz2), size)), 'one\ntwo\n', `bz2, ${size}`)
})

t.test('frames of zstd are found at every place where a chunk can be cut', async (t) => {
  const small = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constant('a'.repeat(300)).map((text) => Buffer.from(text))
    ),
    {
      minLength: 1,
      maxLength: 4
    }
  )
  await fc.assert(
    fc.asyncProperty(small, fc.integer({ min: 1, max: 30 }), fc.boolean(), async (parts, size, checksum) => {
      const options = { params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 } }
      const bytes = Buffer.concat(parts.map((part) => zstdCompressSync(part, options)))
      t.ok((await plain(bytes, size)).equals(Buffer.concat(parts)))
    }),
    { numRuns: 100 }
  )
})

t.test('what is cut off or broken is said, after all that could be read', async (t) => {
  const content = Buffer.from('0123456789'.repeat(100_000))
  for (const [name, bytes] of [
    ['gzip', gzipSync(content)],
    ['zstd', zstdCompressSync(content)],
    ['bz2', bz2[0] ?? Buffer.alloc(0)]
  ] as const) {
    await t.rejects(plain(bytes.subarray(0, bytes.length - 5)), {
      code: 'INVALID_INPUT',
      message: `the input ends in the middle of its ${name} data`
    })
    const wrong = Buffer.from(bytes)
    wrong.fill(0x55, Math.floor(bytes.length / 2))
    await t.rejects(plain(wrong), { code: 'INVALID_INPUT', message: /^the input [^\n]+ data/ }, name)
  }
  await t.rejects(plain(Buffer.from('{"plain":1}'), 100, 'gzip'), { code: 'INVALID_INPUT' })
})

t.test('what fails before it is compressed is not taken for broken data', async (t) => {
  for (const start of [gzipSync('x'.repeat(100)), zstdCompressSync('x'.repeat(100)), Buffer.from('plain')]) {
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield start.subarray(0, start.length - 3)
      throw new Error('the disk is gone')
    }
    const reading = (async () => {
      for await (const _ of decompress(failing(), 'auto')) {
      }
    })()
    await t.rejects(reading, { message: 'the disk is gone' })
  }
})
