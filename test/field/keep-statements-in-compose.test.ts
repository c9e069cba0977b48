import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

interface Service {
  readonly image: string
  readonly restart?: string
  readonly ports: readonly string[]
  readonly volumes?: readonly string[]
  readonly healthcheck?: { readonly test: string }
  readonly depends_on?: unknown
  readonly environment: Readonly<Record<string, unknown>>
}

interface Composed {
  readonly services: { readonly db: Service; readonly lrs: Service }
  readonly volumes?: Readonly<Record<string, unknown>>
}

/** Where each image keeps its data, as its documentation says. */
const files = {
  'docker-compose.yml': '/usr/share/elasticsearch/data',
  'docker-compose.mongo.yml': '/data/db',
  'docker-compose.clickhouse.yml': '/var/lib/clickhouse',
  'docker-compose.postgres.yml': '/var/lib/postgresql/data'
}

for (const [file, directory] of Object.entries(files)) {
  t.test(`${file}: statements outlive the containers, and the server waits for its database`, async (t) => {
    const { services, volumes = {} }: Composed = parse(readFileSync(file, 'utf8'))
    const { db, lrs } = services
    const [volume = '', inside] = db.volumes?.[0]?.split(':') ?? []
    t.equal(inside, directory)
    t.ok(volume in volumes, `${volume} is a named volume`)
    t.same(lrs.depends_on, { db: { condition: 'service_healthy' } })
    t.match(db.healthcheck?.test, /\w/)
    for (const [name, { restart }] of Object.entries(services)) t.equal(restart, 'unless-stopped', name)
    for (const port of db.ports) t.match(port, /^127\.0\.0\.1:/, 'nobody but this machine reaches the database')
    // An image without its version is another one tomorrow.
    t.match(db.image, /:\d/)
  })
}

t.test('one Elasticsearch alone is well when it is yellow, which the index of the tutorial makes it', async (t) => {
  const { services }: Composed = parse(readFileSync('docker-compose.yml', 'utf8'))
  t.match(services.db.healthcheck?.test, 'wait_for_status=yellow')
  t.equal(services.lrs.environment.RALPH_BACKENDS__LRS__ES__ALLOW_YELLOW_STATUS, 'true')
})
