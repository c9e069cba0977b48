import { once } from 'node:events'
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { uploadExitCodes } from '../../src/cli/upload-exit-code.ts'
import type { ImportRecord } from '../../src/contracts/imports.ts'
import { aBreakingWire } from '../support/breaking-wire.ts'
import { closedPort } from '../support/closed-port.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aPlace, as, linesOf, paddedStatements, sha256, start, statementsOf } from '../support/uploads.ts'

/** How often client and server are killed, and how large the file is that is sent meanwhile. */
const kills = Number(process.env.RALPH_TEST_UPLOAD_KILLS ?? 2)
const size = Number(process.env.RALPH_TEST_UPLOAD_BYTES ?? 2_000_000)

type Place = ReturnType<typeof aPlace>

/** The client has a directory of its own. */
const client = ({ cwd }: Place, url: string) => ({
  env: {
    RALPH_APP_DIR: join(cwd, 'client'),
    RALPH_UPLOAD__TO: url,
    RALPH_UPLOAD__USERNAME: 'jane',
    RALPH_UPLOAD__PASSWORD: 'secret'
  }
})

const aFile = ({ cwd }: Place, statements: readonly object[], name = 'events.jsonl'): string => {
  const path = join(cwd, name)
  writeFileSync(path, linesOf(statements))
  return path
}

/** A file of about so many bytes, written in portions: no text may be as long as the whole. Gives its statements. */
const fillFile = (path: string, bytes: number): number => {
  const portion = 10_000_000
  let count = 0
  for (let rest = bytes; rest > 0; rest -= portion) {
    const statements = paddedStatements(Math.min(rest, portion))
    appendFileSync(path, linesOf(statements))
    count += statements.length
  }
  return count
}

const importsAt = async (url: string): Promise<readonly ImportRecord[]> => {
  const answer = await fetch(`${url}/imports`, { headers: as('jane') })
  return ((await answer.json()) as { readonly imports: readonly ImportRecord[] }).imports
}

/** What was noted for a later process. */
const notes = ({ cwd }: Place): readonly string[] => {
  try {
    return readdirSync(join(cwd, 'client', 'uploading'))
  } catch {
    return []
  }
}

/** The imports of the place are one, of all statements, none of them lost and none doubled. */
const oneImport = async (t: Test, url: string, path: string, count: number): Promise<void> => {
  const made = (await importsAt(url)).filter(({ status }) => status !== 'FAILED')
  t.match(made, [
    {
      status: 'DONE',
      sha256: sha256(readFileSync(path)),
      size: statSync(path).size,
      counts: { read: count, rejected: 0 }
    }
  ])
  t.equal(made.length, 1)
  const [{ counts } = { counts: undefined }] = made
  t.equal((counts?.written ?? 0) + (counts?.already ?? 0), count)
}

const place = aPlace(t, { RALPH_IMPORTS_MAX_SIZE: '1MiB' })
const server = await start(t, place)

t.test('an upload whose connection breaks at 40 % goes on there, and tells what became of it', async (t) => {
  const statements = paddedStatements(900_000)
  const path = aFile(place, statements)
  const wire = await aBreakingWire(t)
  wire.lead(server.url)
  wire.breakAfter(statSync(path).size * 0.4)
  const { code, stdout, stderr } = await ralph(
    t,
    ['upload', path, '--wait', '--chunk-size', '64KiB'],
    client(place, wire.url)
  )
  t.equal(code, 0, stderr)
  t.match(
    stdout,
    new RegExp(`^[0-9a-f-]{36}  DONE +events.jsonl: ${statements.length} read, ${statements.length} written`)
  )
  t.match(stderr, /trying again/)
  t.ok(wire.passed() < statSync(path).size * 1.3, 'what had arrived was not sent again')
  await oneImport(t, server.url, path, statements.length)
  t.same(notes(place), [])
})

t.test('each cause has its exit code, and the page has the same table', async (t) => {
  const page = readFileSync(new URL('../../docs/uploads.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, cause]) => [code, cause])
  t.same(rows, Object.entries(uploadExitCodes))
  const good = aFile(place, statementsOf(3), 'good.jsonl')
  const bad = join(place.cwd, 'bad.bin')
  writeFileSync(bad, 'nothing that anybody knows\n')
  const large = join(place.cwd, 'large')
  writeFileSync(large, Buffer.alloc(2 ** 21))
  const upload = (words: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const { env } = client(place, server.url)
    return ralph(t, ['upload', ...words], { env: { ...env, ...more } })
  }
  const nowhere = `http://127.0.0.1:${await closedPort()}`
  const results = await Promise.all([
    upload([]),
    upload([good, '--wait', '--no-import']),
    upload([bad, '--wait']),
    upload([join(place.cwd, 'missing'), place.cwd, good]),
    upload([large, good]),
    upload([good], { RALPH_UPLOAD__PASSWORD: 'wrong' }),
    upload([good], { RALPH_UPLOAD__USERNAME: 'paul' }),
    upload([good], { RALPH_UPLOAD__TO: nowhere }),
    upload([good, '--to', `${server.url}/lrs`]),
    upload([
      good,
      '--no-import',
      '--to',
      `${server.url.replace('//', '//john:secret@')}/api/upload/`,
      '--username',
      'john'
    ])
  ])
  t.same(
    results.map(({ code }) => code),
    [2, 2, 3, 4, 5, 7, 7, 8, 8, 0],
    results.map(({ stderr }) => stderr).join('')
  )
  const [, , wrong, unreadable, tooLarge, refused, , away, noUploads, kept] = results
  t.match(wrong?.stdout, /(SKIPPED|FAILED) +bad.bin/)
  t.match(unreadable?.stderr, /missing cannot be read[\s\S]*is not a file/)
  t.match(unreadable?.stdout, /uploaded {2}.*good.jsonl/, 'the others are sent')
  t.match(tooLarge?.stderr, /RALPH_IMPORTS_MAX_SIZE/)
  t.match(tooLarge?.stdout, /good.jsonl/)
  t.match(refused?.stderr, /rejects the credentials/)
  t.match(away?.stderr, /nothing listens there/)
  t.match(noUploads?.stderr, /takes no uploads \(it answered 404\)/)
  t.match(kept?.stdout, /not imported/)
})

t.test(`client and server are killed ${kills} times at random, and the file is imported once`, async (t) => {
  const place = aPlace(t)
  const path = join(place.cwd, 'events.jsonl')
  const count = fillFile(path, size)
  const wire = await aBreakingWire(t, { bytesPerSecond: size / 2.5 })
  const words = ['upload', path, '--wait', '--chunk-size', String(Math.max(32_768, Math.floor(size / 100)))]
  let server = await start(t, place)
  wire.lead(server.url)
  let killed = ''
  for (let at = 0; at < kills; at += 1) {
    const child = startRalph(t, words, client(place, wire.url))
    const before = wire.passed()
    while (wire.passed() < before + 5000 && child.exitCode === null) await wait(5)
    await wait(Math.random() * 700)
    const what = ['both', 'client', 'server'][at % 3] ?? ''
    killed += ` ${what}`
    if (what !== 'client') {
      await server.stop('SIGKILL')
      server = await start(t, place)
      wire.lead(server.url)
    }
    if (what === 'server') await wait(300)
    if (child.exitCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  const { code, stdout, stderr } = await ralph(t, words, client(place, wire.url))
  t.comment(`killed:${killed}; ${(wire.passed() / statSync(path).size).toFixed(2)} times the file was sent`)
  t.equal(code, 0, stderr)
  t.match(stdout, /DONE/)
  await oneImport(t, server.url, path, count)
})

t.test('killed between the last byte and the import, it becomes one import', async (t) => {
  const place = aPlace(t)
  const statements = paddedStatements(3_000_000)
  const path = aFile(place, statements)
  const whole = statSync(path).size
  let server = await start(t, place)
  const wire = await aBreakingWire(t)
  wire.lead(server.url)
  const child = startRalph(t, ['upload', path, '--wait', '--chunk-size', '1MiB'], client(place, wire.url))
  // Its checksum is verified, too.
  const isWhole = (): boolean => {
    try {
      const names = readdirSync(place.uploads)
      const id = names.find((name) => !name.includes('.') && statSync(join(place.uploads, name)).size === whole)
      return id !== undefined && !names.includes(`${id}.unverified`)
    } catch {
      // It was looked at while it was removed.
      return false
    }
  }
  while (!isWhole() && child.exitCode === null) await wait(1)
  const died = server.stop('SIGKILL')
  child.kill('SIGKILL')
  await died
  t.comment(`records of uploads: ${readdirSync(place.uploads).join(' ')}`)
  server = await start(t, place)
  wire.lead(server.url)
  const again = await ralph(t, ['upload', path, '--wait', '--json'], client(place, wire.url))
  t.equal(again.code, 0, again.stderr)
  t.match(JSON.parse(again.stdout), { file: path, status: 'DONE', counts: { read: statements.length, rejected: 0 } })
  t.ok(wire.passed() < whole * 1.2, 'it was not sent again')
  await oneImport(t, server.url, path, statements.length)
})
