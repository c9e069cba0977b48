import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { extract } from '../../src/archives/extract.ts'
import type { UnpackLimits } from '../../src/archives/limits.ts'
import { bz2OfLine, gzOfLine, line, tarBz2, tarGzOf, tarOf, xzOfLine, zipOf, zstOfLine } from '../support/archives.ts'

const limits: UnpackLimits = { maxEntries: 5, maxUnpackedSize: 2 ** 20, maxRatio: 200, maxDepth: 3 }

/** What comes out: the content of each file by its path. */
const extracted = async (t: Test, name: string, bytes: Uint8Array, more: Partial<UnpackLimits> = {}) => {
  const directory = mkdtempSync(join(tmpdir(), 'ralph-extract-'))
  t.teardown(() => import('node:fs/promises').then(({ rm }) => rm(directory, { recursive: true })))
  const file = join(directory, 'packed')
  const into = join(directory, 'into')
  writeFileSync(file, bytes)
  const { mkdir } = await import('node:fs/promises')
  await mkdir(into)
  await extract({ file, name, into, limits: { ...limits, ...more }, variables: 'RALPH_X_' })
  const files = readdirSync(into, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(into.length + 1), readFileSync(path, 'utf8')]
    })
  )
}

const entry = { name: 'sub/l.txt', content: line }

t.test('an archive is unpacked as its longest suffix says', async (t) => {
  const tree = { 'sub/l.txt': line }
  const tar = await tarOf([{ name: 'sub', type: 'directory' }, entry])
  for (const [name, bytes, expected] of [
    ['x.tar.gz', gzipSync(tar), tree],
    ['X.TGZ', gzipSync(tar), tree],
    ['x.tar.bz2', tarBz2, tree],
    ['x.tbz2', tarBz2, tree],
    ['x.zip', zipOf([entry]), tree],
    ['x.tar', tar, tree],
    ['l.txt.gz', gzOfLine, { 'l.txt': line }],
    ['l.txt.bz2', bz2OfLine, { 'l.txt': line }],
    ['l.txt.xz', xzOfLine, { 'l.txt': line }],
    ['l.txt.zst', zstOfLine, { 'l.txt': line }],
    ['.gz', gzOfLine, { content: line }]
  ] as const) {
    t.same(await extracted(t, name, bytes), expected, name)
  }
})

t.test('an archive that means harm, is cut or lies about its type has an error of its own', async (t) => {
  const many = Array.from({ length: 6 }, (_, index) => ({ name: `f${index}`, content: line }))
  const tarGz = await tarGzOf([entry])
  const link = { name: 'l', type: 'symlink', linkname: '/etc/passwd' } as const
  for (const [what, name, bytes, code] of [
    ['a path that leads out', 'x.tgz', await tarGzOf([{ ...entry, name: '../out' }]), 'UNSAFE_PATH'],
    ['an absolute path', 'x.zip', zipOf([{ ...entry, name: '/out' }]), 'UNSAFE_PATH'],
    ['a path of Windows', 'x.tar', await tarOf([{ ...entry, name: 'a\\..\\..\\out' }]), 'UNSAFE_PATH'],
    ['a link', 'x.tgz', await tarGzOf([link, { name: 'l/x', content: line }]), 'UNSAFE_LINK'],
    ['a hard link', 'x.tgz', await tarGzOf([{ ...link, type: 'link' }]), 'UNSAFE_LINK'],
    ['a link in a zip', 'x.zip', zipOf([{ name: 'l', content: '/etc/passwd', mode: 0o120777 }]), 'UNSAFE_LINK'],
    ['a file as directory', 'x.zip', zipOf([entry, { name: 'sub/l.txt/x', content: line }]), 'INVALID_ARCHIVE'],
    ['too many entries', 'x.tgz', await tarGzOf(many), 'ARCHIVE_TOO_LARGE'],
    ['too much', 'x.gz', gzipSync(Buffer.alloc(2 ** 20 + 1)), 'ARCHIVE_TOO_LARGE'],
    ['a name that lies', 'x.zip', tarGz, 'INVALID_ARCHIVE'],
    ['nothing', 'x.tgz', Buffer.alloc(0), 'INVALID_ARCHIVE'],
    ['no tar in it', 'x.tgz', gzOfLine, 'INVALID_ARCHIVE'],
    ['a tar that is cut', 'x.tgz', tarGz.subarray(0, -12), 'INVALID_ARCHIVE'],
    ['a zip that is cut', 'x.zip', zipOf([entry]).subarray(0, -30), 'INVALID_ARCHIVE'],
    ['a gz that is cut', 'x.gz', gzOfLine.subarray(0, -4), 'INVALID_ARCHIVE']
  ] as const) {
    await t.rejects(extracted(t, name, bytes), { code }, what)
  }
  await t.rejects(extracted(t, 'x.tgz', tarGz, { maxDepth: 1 }), { code: 'ARCHIVE_TOO_DEEP' })
  const bomb = gzipSync(Buffer.alloc(2 ** 26 + 1))
  await t.rejects(extracted(t, 'x.gz', bomb, { maxUnpackedSize: 2 ** 30 }), {
    code: 'ARCHIVE_TOO_LARGE',
    details: { setting: 'RALPH_X_MAX_RATIO' }
  })
})
