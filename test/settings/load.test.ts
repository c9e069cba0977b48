import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { loadAuthFile, loadGeneral, loadRunserver, type RunserverSettings } from '../../src/settings/load.ts'
import { platformTempDir } from '../../src/settings/sources.ts'
import { sourcesOf } from '../support/settings-of.ts'

const load = (environment: Readonly<Record<string, string>>): RunserverSettings<undefined> =>
  loadRunserver(sourcesOf({ environment }), () => undefined)

t.test('a server without settings is that of Ralph 5, with an embedded store', async (t) => {
  const { general, server, identity } = load({})
  t.strictSame(general, {
    appDir: '/platform/ralph',
    tempDir: platformTempDir(),
    historyFile: '/platform/ralph/history.json',
    log: { level: 'INFO', format: 'auto' }
  })
  t.strictSame(server, {
    waitForBackend: 60,
    host: '0.0.0.0',
    port: 8100,
    maxSearchHits: 100,
    publicUrl: undefined,
    trustProxy: false,
    maxBodySize: 64 * 2 ** 20,
    maxStatements: 5000,
    maxStatementSize: 2 * 2 ** 20,
    maxStatementKeys: 20_000,
    maxStatementDepth: 100,
    maxInheritedTerms: 100_000,
    maxDocumentKeys: 100_000,
    maxParts: 10_000,
    maxHeaderSize: 16 * 1024,
    maxParameters: 100,
    maxParameterSize: 64 * 1024,
    maxFormSize: 4 * 2 ** 20,
    answerTimeout: 60,
    waitForRoom: 30,
    maxBytesInFlight: 128 * 2 ** 20,
    maxAnonymousBytes: 32 * 2 ** 20,
    anonymousTimeout: 30,
    requestTimeout: 600,
    workers: 1,
    maxStreams: 1000,
    maxConnections: 4096,
    accessLog: 'some',
    rejectedDirectory: undefined,
    rejectedMaxSize: 256 * 2 ** 20,
    corsAllowOrigins: [],
    requireVersionHeader: false,
    defaultVersion: '1.0.3',
    restrictByAuthority: false,
    restrictByScopes: false,
    partialSuccessDefault: false,
    ignoreUnknownParameters: false,
    signatureKeys: undefined
  })
  t.strictSame(identity, {
    authFile: '/platform/ralph/auth.json',
    cacheMaxSize: 10_000,
    cacheTtl: 3600,
    allowDemoCredentials: false,
    basic: true,
    keys: true,
    oidc: undefined
  })
})

t.test('every setting of the server is read from its variable', async (t) => {
  const { general, server, identity } = load({
    RALPH_APP_DIR: '/app',
    RALPH_LOG_LEVEL: 'debug',
    RALPH_LOG_FORMAT: 'json',
    RALPH_RUNSERVER_HOST: '::1',
    RALPH_RUNSERVER_PORT: '80',
    RALPH_RUNSERVER_MAX_SEARCH_HITS_COUNT: '500',
    RALPH_RUNSERVER_PUBLIC_URL: 'https://example.org/lrs/',
    RALPH_RUNSERVER_TRUST_PROXY: '10.0.0.0/8',
    RALPH_RUNSERVER_MAX_BODY_SIZE: '1MiB',
    RALPH_RUNSERVER_CORS_ALLOW_ORIGINS: '["https://a.example.org"]',
    RALPH_LRS_REQUIRE_VERSION_HEADER: 'true',
    RALPH_LRS_DEFAULT_VERSION: '2.0.0',
    RALPH_LRS_RESTRICT_BY_AUTHORITY: 'true',
    RALPH_LRS_RESTRICT_BY_SCOPES: 'true',
    RALPH_LRS_PARTIAL_SUCCESS_DEFAULT: 'true',
    RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS: 'true',
    RALPH_AUTH_FILE: '/etc/ralph/users.json',
    RALPH_AUTH_CACHE_MAX_SIZE: '5',
    RALPH_AUTH_CACHE_TTL: '6',
    RALPH_TEMP_DIR: '/temp'
  })
  t.strictSame(general, {
    appDir: '/app',
    tempDir: '/temp',
    historyFile: '/app/history.json',
    log: { level: 'DEBUG', format: 'json' }
  })
  t.strictSame(server, {
    waitForBackend: 60,
    host: '::1',
    port: 80,
    maxSearchHits: 500,
    publicUrl: 'https://example.org/lrs',
    trustProxy: ['10.0.0.0/8'],
    maxBodySize: 2 ** 20,
    maxStatements: 5000,
    maxStatementSize: 2 * 2 ** 20,
    maxStatementKeys: 20_000,
    maxStatementDepth: 100,
    maxInheritedTerms: 100_000,
    maxDocumentKeys: 100_000,
    maxParts: 10_000,
    maxHeaderSize: 16 * 1024,
    maxParameters: 100,
    maxParameterSize: 64 * 1024,
    maxFormSize: 4 * 2 ** 20,
    answerTimeout: 60,
    waitForRoom: 30,
    maxBytesInFlight: 128 * 2 ** 20,
    maxAnonymousBytes: 32 * 2 ** 20,
    anonymousTimeout: 30,
    requestTimeout: 600,
    workers: 1,
    maxStreams: 1000,
    maxConnections: 4096,
    accessLog: 'some',
    rejectedDirectory: undefined,
    rejectedMaxSize: 256 * 2 ** 20,
    corsAllowOrigins: ['https://a.example.org'],
    requireVersionHeader: true,
    defaultVersion: '2.0.0',
    restrictByAuthority: true,
    restrictByScopes: true,
    partialSuccessDefault: true,
    ignoreUnknownParameters: true,
    signatureKeys: undefined
  })
  t.strictSame(identity, {
    authFile: '/etc/ralph/users.json',
    cacheMaxSize: 5,
    cacheTtl: 6,
    allowDemoCredentials: true,
    basic: true,
    keys: true,
    oidc: undefined
  })
})

t.test('settings cannot be changed', async (t) => {
  const settings = load({})
  for (const part of [settings, settings.general, settings.server, settings.identity]) t.ok(Object.isFrozen(part))
})

t.test('the demo user is accepted on loopback, elsewhere only when that is said', async (t) => {
  const allowed = (environment: Readonly<Record<string, string>>): boolean =>
    load(environment).identity.allowDemoCredentials
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) t.ok(allowed({ RALPH_RUNSERVER_HOST: host }), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.example.org', 'example.org']) {
    t.notOk(allowed({ RALPH_RUNSERVER_HOST: host }), host)
    t.ok(allowed({ RALPH_RUNSERVER_HOST: host, RALPH_ALLOW_DEMO_CREDENTIALS: 'true' }), host)
  }
})

t.test('scopes cannot restrict unless the authority does, too', async (t) => {
  t.throws(() => load({ RALPH_LRS_RESTRICT_BY_SCOPES: 'true' }), {
    code: 'INVALID_SETTING',
    message: /RALPH_LRS_RESTRICT_BY_SCOPES needs RALPH_LRS_RESTRICT_BY_AUTHORITY/
  })
})

t.test('what is wrong in different groups is said at once', async (t) => {
  const wrong = {
    RALPH_LOG_FORMAT: 'x',
    RALPH_RUNSERVER_PORT: 'x',
    RALPH_LRS_DEFAULT_VERSION: '3',
    RALPH_AUTH_CACHE_TTL: 'x'
  }
  try {
    load({ ...wrong, RALPH_LRS_RESTRICT_BY_SCOPES: 'true', RALPH_LRS_SIGNATURE_KEYS: '/nowhere' })
    t.fail('it was accepted')
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    for (const name of [...Object.keys(wrong), 'RALPH_LRS_RESTRICT_BY_SCOPES', 'RALPH_LRS_SIGNATURE_KEYS']) {
      t.match(message, new RegExp(name))
    }
  }
})

t.test('the file of signature keys holds public keys and nothing else', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' }
  })
  const dir = t.testdir({
    'two.pem': publicKey + publicKey,
    'private.pem': privateKey,
    'broken.pem': '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    'empty.pem': ''
  })
  t.equal(load({ RALPH_LRS_SIGNATURE_KEYS: `${dir}/two.pem` }).server.signatureKeys, publicKey + publicKey)
  for (const file of ['private.pem', 'broken.pem', 'empty.pem', 'missing.pem', '']) {
    t.throws(() => load({ RALPH_LRS_SIGNATURE_KEYS: `${dir}/${file}` }), { code: 'INVALID_SETTING' }, file)
  }
})

t.test(
  'the level of the log is read from the logging configuration of Ralph 5, unless LOG_LEVEL says it',
  async (t) => {
    const logging = JSON.stringify({ version: 1, loggers: { ralph: { level: 'ERROR' } } })
    const level = (environment: Readonly<Record<string, string>>): string =>
      loadGeneral(sourcesOf({ environment })).log.level
    t.equal(level({ RALPH_LOGGING: logging }), 'ERROR')
    t.equal(level({ RALPH_LOGGING: logging, RALPH_LOG_LEVEL: 'DEBUG' }), 'DEBUG')
    t.equal(level({ RALPH_LOGGING: '{"loggers": {"ralph": null}}' }), 'INFO')
    t.throws(() => level({ RALPH_LOGGING: '{' }), { code: 'INVALID_SETTING' })
  }
)

t.test('the auth file is in the application directory unless it is set', async (t) => {
  t.equal(loadAuthFile(sourcesOf({ environment: { RALPH_APP_DIR: '/app' } })), '/app/auth.json')
  t.equal(loadAuthFile(sourcesOf({ environment: { RALPH_AUTH_FILE: '/a/b.json' } })), '/a/b.json')
})
