import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createBandwidth } from '../../src/downloads/bandwidth.ts'
import { allowPublicOnly } from '../../src/downloads/guard.ts'
import { bz2OfLine, gzOfLine, line, tarBz2, tarGzOf, zipOf } from '../support/archives.ts'
import { aDirectory, countingServer, downloader, serve } from '../support/downloads.ts'

const entry = { name: 'sub/l.txt', content: line }

t.test('an archive is unpacked, and its directory given; the path of what is no archive', async (t) => {
  const files: Readonly<Record<string, Buffer>> = {
    'x.tar.gz': await tarGzOf([entry]),
    'x.tgz': await tarGzOf([entry]),
    'x.tar.bz2': tarBz2,
    'x.tbz2': tarBz2,
    'x.zip': zipOf([entry]),
    'l.txt.gz': gzOfLine,
    'l.txt.bz2': bz2OfLine,
    'l.txt': Buffer.from(line),
    packed: await tarGzOf([entry])
  }
  const server = await countingServer(t, ({ url = '' }, response) => {
    if (url.startsWith('/named')) response.setHeader('content-disposition', 'attachment; filename="../x.zip"')
    response.end(files[url.slice(1).replace(/\?.*$/, '')] ?? files['x.zip'])
  })
  const download = downloader(t)
  for (const [path, file] of [
    ['x.tar.gz', 'sub/l.txt'],
    ['x.tgz', 'sub/l.txt'],
    ['x.tar.bz2', 'sub/l.txt'],
    ['x.tbz2', 'sub/l.txt'],
    ['x.zip', 'sub/l.txt'],
    ['x.zip//sub', 'l.txt'],
    ['l.txt.gz', 'l.txt'],
    ['l.txt.bz2', 'l.txt'],
    ['packed?archive=tgz', 'sub/l.txt'],
    ['named', 'sub/l.txt']
  ] as const) {
    const to = aDirectory(t)
    t.equal(await download(`${server.url}/${path}`, to), to, path)
    t.equal(readFileSync(join(to, file), 'utf8'), line, path)
  }
  for (const [path, more] of [
    ['l.txt', {}],
    ['x.zip?archive=false', {}],
    ['x.zip', { unarchive: false }]
  ] as const) {
    const to = aDirectory(t)
    const file = path.replace(/\?.*$/, '')
    t.equal(await download(`${server.url}/${path}`, to, more), join(to, file), path)
    t.same(readFileSync(join(to, file)), files[file])
  }
  const own = await download(`${server.url}/x.zip`)
  t.match(own, /\/downloads\/x-[0-9a-f]{8}$/, 'a directory of its own in the temporary one')
  t.ok(existsSync(join(own, 'sub/l.txt')))
  await t.rejects(download(`${server.url}/x.zip//none`), { code: 'NOT_FOUND' })
})

t.test('what was downloaded is not downloaded again for 5 minutes', async (t) => {
  const server = await countingServer(t, (_request, response) => response.end(line))
  let time = Date.now()
  const download = downloader(t, { now: () => time })
  const url = `${server.url}/l.txt`
  const asked = async (some = {}): Promise<number> => {
    const before = server.requests.length
    await download(url, aDirectory(t), some)
    return server.requests.length - before
  }
  t.equal(await asked(), 1)
  t.equal(await asked(), 0)
  t.equal(await asked({ enabled: false }), 1, 'without a cache')
  time += 299_000
  t.equal(await asked(), 0)
  time += 2000
  t.equal(await asked(), 1, 'after the expiration')
  t.equal(await asked({ expiration: 0 }), 1, 'no time at all')
  time += 700_000
  await Promise.all([asked(), asked(), asked()])
  t.equal(server.requests.length, 5, 'three at once make one request')
})

t.test('the sweep removes what has expired, and leaves the directories of users alone', async (t) => {
  const server = await countingServer(t, (_request, response) => response.end(line))
  let time = Date.now()
  const download = downloader(t, { now: () => time })
  const kept = await download(`${server.url}/a`)
  const cache = join(kept, '../../cache')
  t.equal(readdirSync(cache).filter((name) => !name.endsWith('.lock')).length, 1)
  time += 601_000
  await download(`${server.url}/b`)
  t.equal(readdirSync(cache).filter((name) => !name.endsWith('.lock')).length, 1)
  t.equal(readFileSync(kept, 'utf8'), line)
})

t.test('a download that breaks off goes on where it was, if the file is still the same', async (t) => {
  const content = randomBytes(100_000)
  for (const { what, second, expected } of [
    { what: 'the same', second: { etag: '"1"' }, expected: content },
    { what: 'another file', second: { etag: '"2"' }, expected: Buffer.concat([content, content]) }
  ]) {
    const server = await countingServer(t, (request, response) => {
      const isFirst = server.requests.length === 1
      serve(request, response, isFirst ? content : expected, isFirst ? { cut: 40_000 } : second)
    })
    const file = await downloader(t)(`${server.url}/x.bin`)
    t.same(readFileSync(file), expected, what)
    const [, again] = server.requests
    t.equal(server.requests.length, 2)
    t.equal(again?.headers.range, 'bytes=40000-')
    t.equal(again?.headers['if-range'], '"1"')
  }
})

t.test('a server that does wrong has an error of its own, and nothing is left', async (t) => {
  const server = await countingServer(t, (request, response) => {
    const path = request.url ?? ''
    if (path === '/endless') {
      const more = (): void => {
        if (response.writable) response.write(Buffer.alloc(2 ** 16), more)
      }
      more()
    } else if (path === '/short')
      response.writeHead(200, { 'content-length': 10 }).write('abc', () => response.destroy())
    else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end()
    else if (path === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end()
    else if (path === '/busy') response.writeHead(429, { 'retry-after': '100000' }).end()
    else if (path === '/date') {
      const [now, later] = [0, 200_000].map((after) => new Date(Date.UTC(2026, 0, 1) + after).toUTCString())
      response.writeHead(503, { date: now, 'retry-after': later }).end()
    } else if (path === '/hangs') response.write('a')
    else if (path === '/x.zip') response.end('no zip')
    else response.writeHead(Number(path.slice(1))).end()
  })
  const to = aDirectory(t)
  const download = downloader(t, { maxSize: 2 ** 20, timeout: 200 })
  for (const [path, code] of [
    ['endless', 'ARCHIVE_TOO_LARGE'],
    ['short', 'STORE_UNAVAILABLE'],
    ['loop', 'INVALID_QUERY'],
    ['file', 'FORBIDDEN'],
    ['busy', 'STORE_UNAVAILABLE'],
    ['date', 'STORE_UNAVAILABLE'],
    ['hangs', 'STORE_UNAVAILABLE'],
    ['x.zip', 'INVALID_ARCHIVE'],
    ['401', 'UNAUTHENTICATED'],
    ['403', 'FORBIDDEN'],
    ['404', 'NOT_FOUND'],
    ['400', 'INVALID_QUERY']
  ] as const) {
    await t.rejects(download(`${server.url}/${path}`, to), { code }, path)
  }
  t.same(readdirSync(to), [])
  const error: unknown = await download(`${server.url}/date`).catch((reason: unknown) => reason)
  t.match(error, { details: { retryAfter: 200 } }, 'a time is read by the clock of who wrote it')
})

t.test('a checksum is asked of what is fetched and of what is in the cache', async (t) => {
  const server = await countingServer(t, (_request, response) => response.end(line))
  const download = downloader(t)
  for (const type of ['md5', 'sha1', 'sha256', 'sha512'] as const) {
    const hex = createHash(type).update(line).digest('hex')
    await download(`${server.url}/l?checksum=${type}:${hex}`)
    await download(`${server.url}/l`, undefined, { checksum: { type, hex } })
  }
  t.equal(server.requests.length, 1)
  t.equal(server.requests[0]?.url, '/l', 'it is not for the server')
  const to = aDirectory(t)
  await t.rejects(download(`${server.url}/l?checksum=${'0'.repeat(64)}`, to), { code: 'CHECKSUM_MISMATCH' })
  t.same(readdirSync(to), [])
  t.equal(server.requests.length, 2, 'what is wrong in the cache is fetched once more')
})

t.test('what is in a directory stays, and no link in it is followed', async (t) => {
  const archive = await tarGzOf([entry, { name: 'a', content: 'new' }])
  const server = await countingServer(t, (_request, response) => response.end(archive))
  const download = downloader(t)
  const [to, elsewhere] = [aDirectory(t), aDirectory(t)]
  writeFileSync(join(to, 'kept'), 'kept')
  symlinkSync(join(elsewhere, 'a'), join(to, 'a'))
  await download(`${server.url}/x.tgz`, to)
  t.same(readdirSync(to).sort(), ['a', 'kept', 'sub'])
  t.equal(readFileSync(join(to, 'a'), 'utf8'), 'new')
  const linked = aDirectory(t)
  symlinkSync(elsewhere, join(linked, 'sub'))
  mkdirSync(join(linked, '.ralph-download-99999999-dead'))
  await t.rejects(download(`${server.url}/x.tgz`, linked), { code: 'ALREADY_THERE' })
  t.same(readdirSync(elsewhere), [])
  t.notOk(existsSync(join(linked, '.ralph-download-99999999-dead')), 'what a process that died has left is gone')
})

t.test('a limit holds all downloads together to so many bytes a second', async (t) => {
  const server = await countingServer(t, (_request, response) => response.end(Buffer.alloc(100_000)))
  const download = downloader(t, { bandwidth: createBandwidth(500_000, Date.now) })
  const begun = Date.now()
  await Promise.all([download(`${server.url}/a`), download(`${server.url}/b`)])
  t.ok(Date.now() - begun >= 390, `${Date.now() - begun} ms for 200 kB at 500 kB/s`)
})

t.test('credentials go to the host they were given for, and to no other', async (t) => {
  const other = await countingServer(t, (_request, response) => response.end(line))
  const server = await countingServer(t, ({ url }, response) => {
    if (url === '/here') response.writeHead(302, { location: '/there' }).end()
    else response.writeHead(302, { location: `${other.url}/l` }).end()
  })
  await downloader(t)(`${server.url.replace('//', '//me:secret@')}/here`)
  const expected = `Basic ${Buffer.from('me:secret').toString('base64')}`
  t.same(
    server.requests.map(({ headers }) => headers.authorization),
    [expected, expected]
  )
  t.same(
    other.requests.map(({ headers }) => headers.authorization),
    [undefined]
  )
})

t.test('who fetches for others reaches allowed hosts at public addresses, after redirects too', async (t) => {
  const inner = await countingServer(t, (_request, response) => response.end('inner'))
  const server = await countingServer(t, (_request, response) => response.writeHead(302, { location: inner.url }).end())
  const settings = { hosts: 'HOSTS', networks: 'NETWORKS' }
  const download = downloader(t, { enabled: false })
  const outside = server.url.replace('127.0.0.1', 'localhost')
  const only = allowPublicOnly({ hosts: ['localhost'], networks: ['127.0.0.0/8'], settings })
  await t.rejects(download(`${outside}/x`, undefined, { guard: only }), {
    code: 'FORBIDDEN',
    details: { setting: 'HOSTS' }
  })
  t.equal(server.requests.length, 1, 'the allowed one was asked')
  const all = allowPublicOnly({ hosts: ['*'], settings })
  for (const url of [`${outside}/x`, `${inner.url}/x`]) {
    await t.rejects(download(url, undefined, { guard: all }), { code: 'FORBIDDEN' }, url)
  }
  await t.rejects(download('/etc/passwd', undefined, { guard: all }), { code: 'FORBIDDEN' })
  await t.rejects(download('git::https://localhost/x', undefined, { guard: all }), { code: 'FORBIDDEN' })
  t.equal(inner.requests.length, 0)
})
