import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { createBudget } from '../../src/archives/limits.ts'
import { check } from '../../src/imports/steps/check.ts'
import { unpack } from '../../src/imports/steps/unpack.ts'
import { bz2OfLine, tarBz2, tarOf, xzOfLine, zipOf } from '../support/archives.ts'
import { importSettings, testImports } from '../support/imports.ts'
import { sent } from '../support/requests.ts'

/** An archive of each kind, cut at every byte: it is refused as a whole, and none of its records is delivered. */

const line = `${JSON.stringify({ ...sent(), timestamp: '2026-01-01T00:00:00Z' })}\n`
const files = [
  { name: 'a.jsonl', content: line },
  { name: 'b.jsonl', content: line }
]
const tar = await tarOf(files)

/** What was made by other programs has a line that is no record: that it unpacks to the end is what counts there. */
const archives: Readonly<Record<string, Buffer>> = {
  'a.tar': tar,
  'a.tar.gz': gzipSync(tar),
  'a.tar.bz2': tarBz2,
  'a.tar.zst': zstdCompressSync(tar),
  'a.zip': zipOf(files),
  'a.jsonl.gz': gzipSync(line),
  'a.jsonl.bz2': bz2OfLine,
  'a.jsonl.zst': zstdCompressSync(line),
  'a.jsonl.xz': xzOfLine
}

/** Two blocks of zeros end a tar archive. Where only the second one is missing, all files are there, and programs accept it. */
const withoutSecondMark: Readonly<Record<string, number>> = { 'a.tar': tar.length - 512 }

for (const [name, whole] of Object.entries(archives)) {
  t.test(`${name}, ${whole.length} bytes`, async (t) => {
    const directory = t.testdir()
    const file = join(directory, name)
    const settings = importSettings(directory)
    const { signal } = new AbortController()
    const isWhole = async (bytes: Buffer): Promise<boolean> => {
      writeFileSync(file, bytes)
      const scratch = (): string => join(directory, 'scratch')
      const budget = createBudget(bytes.length, settings)
      try {
        await check(unpack({ file, name, budget, unpack: true, scratch, signal }), { maxLineBytes: 2 ** 20 })
        return true
      } catch (error) {
        if (error instanceof Error && error.name === 'RalphError') return false
        throw error
      }
    }
    t.ok(await isWhole(whole))
    const passed: number[] = []
    for (let cut = 0; cut < whole.length; cut += 1) if (await isWhole(whole.subarray(0, cut))) passed.push(cut)
    t.ok(passed.length <= 9, `${passed.join(', ')}: only what is so short that it does not look packed`)
    const { import: bring, ids } = await testImports(t)
    for (const cut of passed.filter((each) => each !== withoutSecondMark[name])) {
      const record = await bring(name, whole.subarray(0, cut))
      t.ok(['FAILED', 'SKIPPED'].includes(record.status), `cut at ${cut}: ${record.status}`)
    }
    t.same(await ids(), [])
  })
}
