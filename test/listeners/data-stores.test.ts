import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import t, { type Test } from 'tap'
import type { ConfigBlock } from '../../src/contracts/listeners.ts'
import type { PipelineConfig } from '../../src/listeners/config.ts'
import { openData } from '../../src/listeners/connectors.ts'
import type { Data } from '../../src/listeners/data-stores.ts'
import { aCertificate } from '../support/certificate.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { keptLog } from '../support/objects.ts'
import { openObjects } from '../support/open-objects.ts'
import { aBucket, s3AccessOf, s3ClientOf } from '../support/s3.ts'
import { aContainer, askSwift, swiftAccessOf } from '../support/swift.ts'

const never = new AbortController().signal

const open = async (t: Test, dataStore: ConfigBlock): Promise<Data> => {
  const pipeline: PipelineConfig = {
    name: '',
    place: 'sqapi.yml',
    directory: t.testdirName,
    broker: {},
    fields: {},
    dataStore,
    metaStore: undefined,
    database: {},
    handlers: []
  }
  const data = await openData(pipeline, { log: keptLog(), signal: never }, openObjects)
  t.teardown(() => data.close())
  return data
}

const requestOf = (t: Test) => ({ directory: async () => t.testdirName, signal: never, body: {} })

const contentOf = async (t: Test, data: Data, reference: string): Promise<string> => {
  const found = await data.fetch(reference, requestOf(t))
  return 'text' in found ? found.text : readFileSync(found.path, 'utf8')
}

/** The keys of document 002. */
const keystone = (url: string): ConfigBlock => {
  const { authUrl, username, password } = swiftAccessOf(url)
  return {
    type: 'swift',
    access_key_id: username,
    secret_access_key: password,
    auth_url: `${authUrl}/auth/v1.0`,
    auth_version: '3',
    insecure: 'true',
    os_options: { user_domain_name: 'Default', project_domain_name: 'Default', project_name: username }
  }
}

t.test('swift is searched container by container, or only where the configuration says', async (t) => {
  t.testdir()
  const engine = await engineFor('swift')
  if ('missing' in engine) return t.plan(0, engine.missing)
  const containers = [await aContainer(t, engine.url), await aContainer(t, engine.url), await aContainer(t, engine.url)]
  const last = containers.toSorted().at(-1) ?? ''
  await askSwift(engine.url, 'PUT', `/${last}/deep/x`, { body: 'found' })
  const everywhere = await open(t, keystone(engine.url))
  t.equal(await contentOf(t, everywhere, 'deep/x'), 'found')
  const others = containers.filter((each) => each !== last)
  const somewhere = await open(t, { ...keystone(engine.url), containers: others })
  const error = await somewhere.fetch('deep/x', requestOf(t)).catch((each: Error) => each)
  t.match(error, { code: 'NOT_FOUND', message: `none of the containers ${others.join(', ')}` })
  t.equal(readdirSync(t.testdirName).length, 1, 'nothing is left of what was not found')
})

t.test('swift with identity version 1 takes group:user', async (t) => {
  const engine = await engineFor('swift')
  if ('missing' in engine) return t.plan(0, engine.missing)
  const { authUrl } = swiftAccessOf(engine.url)
  const access = { access_key_id: 'test:tester', secret_access_key: 'testing', auth_url: `${authUrl}/auth/v1.0` }
  const data = await open(t, { type: 'swift', ...access })
  await t.rejects(data.fetch('no/such/thing', requestOf(t)), { code: 'NOT_FOUND' })
  const wrong = await open(t, { type: 'swift', ...access, secret_access_key: 'wrong' })
  await t.rejects(wrong.fetch('x', requestOf(t)), { code: 'UNAUTHENTICATED' })
})

t.test("insecure: 'true' takes any certificate, and 'false' does not", async (t) => {
  const requests: string[] = []
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const own = aCertificate(publicKey, privateKey, { host: '127.0.0.1', validity: 'valid' })
  const cert = `-----BEGIN CERTIFICATE-----\n${own.toString('base64')}\n-----END CERTIFICATE-----`
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key, cert }, (request, response) => {
    requests.push(request.url ?? '')
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const block = {
    type: 'swift',
    access_key_id: 'a:b',
    secret_access_key: 'c',
    auth_url: `https://127.0.0.1:${port}/auth/v1.0`
  }
  const strict = await open(t, { ...block, insecure: 'false' })
  await t.rejects(strict.fetch('x', requestOf(t)), { message: /certificate is not trusted/ })
  t.same(requests, [])
  const lax = await open(t, { ...block, insecure: 'true' })
  await t.rejects(lax.fetch('x', requestOf(t)), { message: /answers 404/ })
  t.same(requests, ['/auth/v1.0'])
})

t.test('an object of S3 becomes a temporary file', async (t) => {
  t.testdir()
  const engine = await engineFor('s3')
  if ('missing' in engine) return t.plan(0, engine.missing)
  const bucket = await aBucket(t, engine.url)
  const client = s3ClientOf(engine.url)
  t.teardown(() => client.destroy())
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a/b', Body: 'of S3' }))
  const { endpoint, accessKeyId, secretAccessKey } = s3AccessOf(engine.url)
  const data = await open(t, {
    type: 's3',
    bucket,
    endpoint_url: endpoint,
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey
  })
  t.equal(await contentOf(t, data, 'a/b'), 'of S3')
  await t.rejects(data.fetch('a/c', requestOf(t)), { code: 'NOT_FOUND' })
  await t.rejects(open(t, { type: 's3' }), { message: /needs a bucket/ })
})

t.test('a module of the user is a data store, and gets its whole block', async (t) => {
  const directory = t.testdir({
    'own.mjs': `
      import { writeFileSync } from 'node:fs'
      export const download_to_disk = async (config, reference, { directory }) => {
        const path = directory + '/made'
        writeFileSync(path, config.greeting + ' ' + reference)
        return path
      }`,
    'empty.mjs': ''
  })
  const data = await open(t, { type: `${directory}/own.mjs`, greeting: 'hello' })
  t.equal(await contentOf(t, data, 'world'), 'hello world')
  await t.rejects(open(t, { type: `${directory}/empty.mjs` }), { message: /does not export download_to_disk/ })
  await t.rejects(open(t, { type: 'nothing-like-this' }), {
    code: 'INVALID_SETTING',
    message: /data_store: there is no type "nothing-like-this"; known are disk, swift, s3/
  })
})
