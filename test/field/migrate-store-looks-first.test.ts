import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSqlite } from '../../src/backends/sqlite/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { copyStore } from '../../src/lrs/copy-store.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBatch, anActivity, aStatement } from '../support/statements.ts'

const clock = (): number => Date.now() * 1000

const opened = async (t: Test, directory: string, target?: string): Promise<LrsStore> => {
  const backend = openSqlite({ directory }, contextOf(t, clock, directory))
  t.teardown(() => backend.close())
  return backend.store(target)
}

const fill = async (directory: string, count = 3): Promise<void> => {
  const backend = openSqlite({ directory }, contextOf(t, clock, directory))
  const { statements } = await backend.store()
  await statements.insert(aBatch(...Array.from({ length: count }, () => aStatement())))
  await backend.close()
}

const sqlite = (side: 'from' | 'to', directory: string) => [`--${side}`, 'sqlite', '--sqlite-directory-path', directory]
const fs = (side: 'from' | 'to', directory: string) => [`--${side}`, 'fs', '--fs-default-directory-path', directory]

t.test('a source that is not there is refused, and nothing is made', async (t) => {
  const [absent, target] = [join(t.testdir(), 'absent'), join(t.testdir(), 'target')]
  for (const words of [
    [...sqlite('from', absent), ...fs('to', target)],
    [...fs('from', absent), ...sqlite('to', target)]
  ]) {
    const { code, stdout, stderr } = await ralph(t, ['migrate-store', ...words])
    t.not(code, 0)
    t.equal(stdout, '')
    t.match(stderr, /absent.* does not exist: is its name right\? Nothing was created/)
    t.notOk(existsSync(absent), 'nor is the source made')
    t.notOk(existsSync(target))
  }
})

t.test('a target of users that is not there is refused before anything of another one is copied', async (t) => {
  const [directory, copy] = [join(t.testdir(), 'from'), join(t.testdir(), 'to')]
  await fill(directory)
  const before = readdirSync(directory)
  const words = [...sqlite('from', directory), ...fs('to', copy)]
  for (const targets of [['-t', 'absent']]) {
    const { code, stderr } = await ralph(t, ['migrate-store', ...words, ...targets])
    t.not(code, 0)
    t.match(stderr, /absent\S* does not exist/)
    t.same(readdirSync(directory), before)
    t.notOk(existsSync(copy))
  }
})

const engines = {
  es: await engineFor('es'),
  mongo: await engineFor('mongo'),
  clickhouse: await engineFor('clickhouse'),
  postgres: await engineFor('postgres')
}

for (const [name, engine] of Object.entries(engines)) {
  if ('missing' in engine) {
    t.test(`${name} as a source that is not there`, { skip: engine.missing }, async () => {})
    continue
  }
  t.teardown(() => engine.stop())
  t.test(`${name} as a source that is not there is refused`, async (t) => {
    const { hostname, port } = new URL(engine.url)
    const absent = `absent_${process.pid}`
    const words: Readonly<Record<string, readonly string[]>> = {
      es: ['--es-hosts', engine.url, '--es-default-index', absent],
      mongo: ['--mongo-connection-uri', engine.url, '--mongo-default-database', absent],
      clickhouse: [
        '--clickhouse-host',
        hostname,
        '--clickhouse-port',
        port,
        '--clickhouse-database',
        'default',
        '--clickhouse-event-table-name',
        absent
      ],
      postgres: ['--postgres-connection-uri', engine.url, '--postgres-default-schema', absent]
    }
    const target = join(t.testdir(), 'target')
    for (const attempt of ['first', 'second: the first made nothing']) {
      const { code, stderr } = await ralph(t, [
        'migrate-store',
        '--from',
        name,
        ...(words[name] ?? []),
        ...sqlite('to', target)
      ])
      t.not(code, 0, attempt)
      t.match(stderr, new RegExp(`${absent}.* does not exist`), attempt)
      t.notOk(existsSync(target))
    }
  })
}

t.test('a receiving store that has something of its own is found out before anything is copied', async (t) => {
  const directory = t.testdir()
  const from = await opened(t, join(directory, 'from'))
  await from.statements.insert(aBatch(...Array.from({ length: 3 }, () => aStatement())))
  const other = await opened(t, join(directory, 'other'))
  await other.statements.insert(aBatch(aStatement()))
  let steps = 0
  const refused = copyStore(from, other, { onProgress: () => (steps += 1) })
  await t.rejects(refused, { code: 'INVALID_INPUT', message: /already has statements: copy into an empty store/ })
  t.equal(steps, 0)
  t.equal((await other.statements.query({ ascending: true, limit: 10 })).statements.length, 1, 'it is as it was')

  const documents = await opened(t, join(directory, 'documents'))
  const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'profile' } as const
  await documents.documents.change(key, () => ({ content: Buffer.from('{}'), contentType: 'application/json' }))
  await t.rejects(copyStore(from, documents), { code: 'INVALID_INPUT', message: /already has documents/ })
})

/** The same store, and what happens before its documents are looked at for the nth time, from 1. */
const interposed = (store: LrsStore, nth: number, happen: () => Promise<unknown>): LrsStore => {
  const { copy } = store
  if (copy === undefined) throw new Error('it can be copied')
  let asked = 0
  return {
    ...store,
    copy: {
      ...copy,
      documents: async (...words) => {
        asked += 1
        if (asked === nth) await happen()
        return copy.documents(...words)
      }
    }
  }
}

t.test('a write to the source store while it is copied is noticed, even at the very end', async (t) => {
  const directory = t.testdir()
  for (const step of ['copied', 'compared'] as const) {
    for (const what of ['statement', 'document'] as const) {
      const from = await opened(t, join(directory, `${step} ${what} from`))
      const to = await opened(t, join(directory, `${step} ${what} to`))
      await from.statements.insert(aBatch(...Array.from({ length: 3 }, () => aStatement())))
      const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'profile' } as const
      const write = (): Promise<unknown> =>
        what === 'statement'
          ? from.statements.insert(aBatch(aStatement()))
          : from.documents.change(key, () => ({ content: Buffer.from('{}'), contentType: 'application/json' }))
      // The source store before, during and after the copy; then the copy.
      const copying =
        step === 'copied' ? copyStore(interposed(from, 2, write), to) : copyStore(from, interposed(to, 2, write))
      await t.rejects(
        copying,
        { code: 'INVALID_INPUT', message: /another process wrote to the source store/ },
        `${step} ${what}`
      )
      const again = await copyStore(from, to)
      t.equal(again.statements, what === 'statement' ? 4 : 3, 'called again it goes on')
      t.equal(again.documents, what === 'statement' ? 0 : 1)
    }
  }
})

t.test('no more is said to be copied than there is, even if it is begun again', async (t) => {
  const directory = t.testdir()
  const [from, to] = [await opened(t, join(directory, 'from')), await opened(t, join(directory, 'to'))]
  const statements = Array.from({ length: 40 }, () => aStatement())
  for (const each of statements) await from.statements.insert(aBatch(each))
  // As if an earlier call had been interrupted within a page.
  const page = await from.copy?.statements(undefined, 40)
  const [first, , , ...rest] = page?.statements ?? []
  if (first === undefined) throw new Error('there are statements')
  await to.copy?.restoreStatements([first, ...rest.slice(0, 10)], [])
  let most = 0
  await copyStore(from, to, { onProgress: (progress) => (most = Math.max(most, progress.statements)) })
  t.ok(most <= 40 + 40, `${most}`)
  const copied: number[] = []
  await copyStore(from, await opened(t, join(directory, 'third')), {
    onProgress: ({ step, statements }) => step === 'copy' && copied.push(statements)
  })
  t.equal(Math.max(...copied), 40)
})
