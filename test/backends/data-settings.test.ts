import t from 'tap'
import { dataBackends } from '../../src/backends/registry.ts'
import { flagsOf, namesOf } from '../../src/settings/aliases.ts'
import type { Setting } from '../../src/settings/define.ts'
import { find } from '../../src/settings/read.ts'

/** Every parameter that document 000 names, as it names it, by type and backend. */
const documented: { readonly [type: string]: { readonly [backend: string]: readonly string[] } } = {
  STORAGE: {
    ldp: ['endpoint', 'application_key', 'application_secret', 'consumer_key', 'service_name', 'stream_id'],
    swift: [
      ...['os_identity_api_version', 'os_auth_url', 'os_project_domain_name', 'os_user_domain_name', 'os_username'],
      ...['os_password', 'os_storage_url', 'os_region_name', 'os_tenant_name', 'os_tenant_id']
    ],
    s3: ['access_key_id', 'secret_access_key', 'session_token', 'default_region', 'bucket_name', 'endpoint_url'],
    fs: ['path']
  },
  STREAM: { ws: ['ws_uri', 'uri'] },
  DATABASE: {
    es: ['hosts', 'index', 'client_options'],
    mongo: ['connection_uri', 'database', 'collection', 'client_options'],
    clickhouse: ['host', 'port', 'database', 'event_table_name', 'client_options', 'username', 'password']
  },
  HTTP: { lrs: ['url', 'base_url', 'username', 'password', 'headers'] }
}

const settingsOf = (backend: string): readonly Setting<unknown>[] =>
  Object.values(dataBackends.find(({ name }) => name === backend)?.settings ?? {})

const foundBy = (variable: string, settings: readonly Setting<unknown>[]): readonly string[] => {
  const sources = {
    ordered: [{ name: 'environment', values: new Map([[variable, 'x']]) } as const],
    platformAppDir: '/'
  }
  return settings.filter((setting) => find(setting, sources) !== undefined).map((setting) => setting.variable)
}

t.test('every parameter of document 000 is a variable of its type, a flag, and one of the group DATA', async (t) => {
  for (const [type, backends] of Object.entries(documented)) {
    for (const [backend, parameters] of Object.entries(backends)) {
      const settings = settingsOf(backend)
      for (const parameter of parameters) {
        const variable = `RALPH_BACKENDS__${type}__${backend.toUpperCase()}__${parameter.toUpperCase()}`
        const [canonical, ...others] = foundBy(variable, settings)
        t.same(others, [])
        t.match(canonical, `RALPH_BACKENDS__DATA__${backend.toUpperCase()}__`, variable)
        const inData = variable.replace(`__${type}__`, '__DATA__')
        t.same(foundBy(inData, settings), [canonical], inData)
        const setting = settings.find((each) => each.variable === canonical)
        const flags = setting === undefined ? [] : [...flagsOf(setting.variable, setting.flag).keys()]
        t.ok(flags.includes(`${backend}-${parameter.replaceAll('_', '-')}`), `--${backend}-${parameter}: ${flags}`)
      }
    }
  }
})

t.test(
  'every parameter of every backend can be set by each of its names, and by none of another parameter',
  async (t) => {
    for (const { name, settings } of dataBackends) {
      const all = Object.values(settings)
      for (const { variable, flag } of all) {
        for (const each of namesOf(variable)) t.same(foundBy(each, all), [variable], each)
        for (const of of flagsOf(variable, flag).values()) t.same(foundBy(of, all), [variable], of)
        t.match(flag, new RegExp(`^${name}-[a-z0-9-]+$`))
      }
    }
  }
)

t.test('what every backend of Ralph 5 has, every one of ours has: an encoding and the sizes of chunks', async (t) => {
  for (const { name, settings } of dataBackends) {
    const variables = Object.values(settings).map(({ variable }) => variable)
    for (const parameter of ['LOCALE_ENCODING', 'READ_CHUNK_SIZE', 'WRITE_CHUNK_SIZE']) {
      t.ok(variables.includes(`RALPH_BACKENDS__DATA__${name.toUpperCase()}__${parameter}`), `${name} ${parameter}`)
    }
  }
})

t.test('names and aliases of data backends are unambiguous, and those of Ralph 5 are among them', async (t) => {
  const names = dataBackends.flatMap(({ name, aliases }) => [name, ...aliases])
  t.equal(new Set(names).size, names.length)
  for (const name of [
    'async_es',
    'async_lrs',
    'async_mongo',
    'async_ws',
    'clickhouse',
    'es',
    'fs',
    'ldp',
    'lrs',
    'mongo',
    's3',
    'swift'
  ]) {
    t.ok(names.includes(name), name)
  }
})

t.test('credentials are secrets', async (t) => {
  for (const { settings } of dataBackends) {
    for (const { variable, secret } of Object.values(settings)) {
      if (/PASSWORD|SECRET|TOKEN|CONSUMER_KEY/.test(variable)) t.ok(secret, variable)
    }
  }
})
