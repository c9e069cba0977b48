import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'
import { backends, lrsBackends } from '../../src/backends/registry.ts'

/** What the folder of every backend has, so that who knows one finds the way in all. */
const ofEach = ['index.ts', 'settings.ts', 'errors.ts']

/** What the folder of a database server has besides: it keeps statements for many servers, and records for commands. */
const ofServers = [
  ...['connect.ts', 'names.ts', 'store.ts', 'engine.ts', 'documents.ts', 'attachments.ts', 'descriptions.ts'],
  ...['query.ts', 'look-up.ts', 'data/errors.ts', 'data/read.ts', 'data/write.ts']
]

/** A file that a backend lacks, and why. */
const without: { readonly [file: string]: string } = {
  'memory/settings.ts': 'It has no settings.',
  'memory/errors.ts': 'It asks nothing that could fail.',
  'mongo/look-up.ts': 'It looks up what a batch needs with the queries of its readers.'
}

const servers = ['clickhouse', 'es', 'mongo', 'postgres']

t.test('every folder of backends is registered, by its own name', async (t) => {
  const folders = readdirSync('src/backends', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  t.same(backends.map(({ name }) => name).sort(), folders.map(({ name }) => name).sort())
  t.equal(lrsBackends[0]?.name, 'sqlite', 'the default comes first')
})

for (const { name, lrs, data } of backends) {
  t.test(`${name} has the files that every backend has, under their names`, async (t) => {
    const expected = [
      ...ofEach,
      ...(lrs === undefined ? [] : ['lrs.ts']),
      ...(data === undefined ? [] : ['data.ts']),
      ...(servers.includes(name) ? ofServers : [])
    ].map((file) => `${name}/${file}`)
    for (const file of expected) {
      const reason = without[file]
      t.equal(existsSync(`src/backends/${file}`), reason === undefined, `${file}: ${reason ?? 'is there'}`)
    }
  })

  t.test(`${name} says the same name in both roles, and its definition loads nothing else`, async (t) => {
    t.ok(lrs !== undefined || data !== undefined, 'has a role')
    for (const role of [lrs, data]) if (role !== undefined) t.equal(role.name, name)
    t.same(Object.keys(await import(`../../src/backends/${name}/index.ts`)), [name])
  })
}
