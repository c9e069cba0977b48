import t from 'tap'
import { resources } from '../../src/http/xapi/resources.ts'
import { jsonOf, textOf } from '../support/answer.ts'
import { startLrs } from '../support/lrs.ts'

const noOne = { headers: { authorization: undefined } }

t.test('the OpenAPI document names every resource, method and parameter that there is', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const document = jsonOf(await asker.send('GET', '/openapi.json', noOne))
  t.match(document.openapi, /^3\.1\./)
  t.match(document.info, { title: /\w/, version: '1.2.3' }, 'the version of Ralph')
  for (const resource of resources) {
    const described = document.paths[`/xAPI${resource.path}`]
    t.same(
      Object.keys(described).sort(),
      Object.keys(resource.operations)
        .map((name) => name.toLowerCase())
        .sort(),
      resource.path
    )
    for (const [method, operation] of Object.entries(resource.operations)) {
      const { parameters, responses, summary, security } = described[method.toLowerCase()]
      t.match(summary, /\w/)
      t.same(security, [{ basic: [] }])
      t.ok(Object.keys(responses).length > 1)
      t.same(
        parameters
          .filter((each: { in?: string }) => each.in === 'query')
          .map(({ name, required }: { name: string; required: boolean }) => `${name}${required ? '!' : ''}`),
        operation.parameters,
        `${method} ${resource.path}`
      )
      for (const { name, schema } of parameters.filter((each: { in?: string }) => each.in === 'query')) {
        t.ok(schema.type !== undefined || schema.enum !== undefined, `${name} has a schema`)
      }
    }
  }
  for (const path of Object.keys(document.paths)) {
    const { status } = await asker.send('GET', path, noOne)
    t.not(status, 404, `${path} is there`)
  }
})

t.test('the OpenAPI document has the answer 304 of what has an ETag, and of nothing else', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const { paths } = jsonOf(await asker.send('GET', '/openapi.json', noOne))
  const known = Object.entries<Record<string, { responses: object }>>(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) => ('304' in responses ? [`${method} ${path}`] : []))
  )
  t.same(known.sort(), [
    'get /xAPI/activities/profile',
    'get /xAPI/activities/state',
    'get /xAPI/agents/profile',
    'get /xAPI/statements'
  ])
})

t.test('references of the OpenAPI document lead to schemas that are served', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const document = textOf(await asker.send('GET', '/openapi.json', noOne))
  const wanted = new Set([...document.matchAll(/"\$ref":"\.(\/schemas[^"#]+)/g)].map(([, path = '']) => path))
  t.ok(wanted.size > 0)
  const seen = new Set<string>()
  for (const path of wanted) {
    seen.add(path)
    const answer = await asker.send('GET', path, noOne)
    t.equal(answer.status, 200, path)
    for (const [, reference = ''] of textOf(answer).matchAll(/"\$ref":\s*"([^"#]+)/g)) {
      wanted.add(new URL(reference, `http://a${path}`).pathname)
    }
  }
  t.ok(seen.size > 10, `${seen.size} schemas`)
  t.equal((await asker.send('GET', '/schemas/xapi/1.0.3/nothing.schema.json', noOne)).status, 404)
})

t.test('/docs shows it, behind a prefix too', async (t) => {
  for (const publicUrl of [undefined, 'https://lms.example.org/lrs']) {
    const asker = (await startLrs(t, { settings: { publicUrl } })).as('janedoe')
    const prefix = publicUrl === undefined ? '' : '/lrs'
    const page = await asker.send('GET', `${prefix}/docs/`, noOne)
    t.equal(page.status, 200)
    t.match(page.headers.get('content-type'), /^text\/html/)
    t.match(textOf(page), '<title>Ralph LRS</title>')
    const lost = await asker.send('GET', `${prefix}/`, noOne)
    t.equal(lost.status, 404)
    t.equal(jsonOf(lost).message, `There is nothing at "/". What can be asked is shown at ${prefix}/docs.`)
    const script = await asker.send('GET', `${prefix}/docs/static/swagger-initializer.js`, noOne)
    t.equal(script.status, 200)
    t.ok(textOf(script).includes(`${prefix}/openapi.json`))
    const { servers } = jsonOf(await asker.send('GET', `${prefix}/openapi.json`, noOne))
    t.equal(new URL(servers[0].url, 'https://lms.example.org').pathname.replace(/\/$/, ''), prefix)
    const without = await asker.send('GET', `${prefix}/docs`, noOne)
    t.ok([200, 301, 302].includes(without.status), String(without.status))
    const location = without.headers.get('location')
    if (location !== null)
      t.equal((await asker.send('GET', new URL(location, `http://a${prefix}/docs`).pathname, noOne)).status, 200)
  }
})
