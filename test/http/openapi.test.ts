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

t.test('the OpenAPI document refers to nothing but itself, and has the schema of a statement', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const document = jsonOf(await asker.send('GET', '/openapi.json', noOne))
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, found = '']) => found)
  t.ok(references.length > 20)
  for (const reference of new Set(references)) {
    t.match(reference, /^#\/components\//)
    const found = reference
      .slice(2)
      .split('/')
      .reduce((value, key) => value?.[key], document)
    t.type(found, 'object', reference)
  }
  const schema = document.paths['/xAPI/statements'].post.requestBody.content['application/json'].schema
  t.match(JSON.stringify(schema), '#/components/schemas/statement-2.0.0')
  t.hasStrict(document.components.schemas['statement-2.0.0'].required, ['actor', 'verb', 'object'])
})

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly example?: string
}

interface Described {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly examples?: object } } }
}

t.test('a request made of nothing but the examples of the OpenAPI document is done', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const { paths } = jsonOf(await asker.send('GET', '/openapi.json', noOne))
  const exampleOf = (all: readonly Parameter[], place: string) =>
    Object.fromEntries(all.flatMap((each) => (each.in === place && each.example ? [[each.name, each.example]] : [])))
  // Each document is stored before it is read, merged and removed.
  for (const method of ['put', 'get', 'post', 'delete']) {
    for (const [path, operations] of Object.entries<Record<string, Described>>(paths)) {
      const { [method]: operation } = operations
      if (operation === undefined) continue
      const { parameters = [], requestBody } = operation
      for (const { name, required, example } of parameters) t.ok(!required || example, `${method} ${path} ${name}`)
      const bodies = Object.values(requestBody?.content['application/json']?.examples ?? { none: {} })
      for (const { value } of bodies) {
        const answer = await asker.send(method.toUpperCase(), path, {
          query: exampleOf(parameters, 'query'),
          headers: exampleOf(parameters, 'header'),
          body: value
        })
        t.ok([200, 204].includes(answer.status), `${method} ${path}: ${answer.status} ${textOf(answer).slice(0, 200)}`)
      }
    }
  }
})

t.test('schemas are served, with what they refer to', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const wanted = new Set(['/schemas/xapi/1.0.3/statement.schema.json', '/schemas/xapi/2.0.0/statement.schema.json'])
  for (const path of wanted) {
    const answer = await asker.send('GET', path, noOne)
    t.equal(answer.status, 200, path)
    for (const [, reference = ''] of textOf(answer).matchAll(/"\$ref":\s*"([^"#]+)/g)) {
      wanted.add(new URL(reference, `http://a${path}`).pathname)
    }
  }
  t.ok(wanted.size > 10, `${wanted.size} schemas`)
  t.equal((await asker.send('GET', '/schemas/xapi/1.0.3/nothing.schema.json', noOne)).status, 404)
})

/** Everything that a page loads or links to, as paths. */
const linksOf = (html: string, url: string): readonly string[] =>
  [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = '']) => new URL(link, url).pathname)

t.test('the pages at / and /docs link to what is there, behind a prefix too', async (t) => {
  for (const [publicUrl, prefix] of [
    [undefined, ''],
    ['https://lms.example.org/lrs', '/lrs']
  ] as const) {
    const asker = (await startLrs(t, { settings: { publicUrl } })).as('janedoe')
    for (const path of ['/', '/docs', '/docs/']) {
      const browser = { headers: { authorization: undefined, accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }
      const page = await asker.send('GET', `${prefix}${path}`, browser)
      t.equal(page.status, 200)
      t.match(page.headers.get('content-type'), /^text\/html/)
      t.match(page.headers.get('content-security-policy'), /default-src 'none'/)
      t.notMatch(page.headers.get('content-security-policy'), /unsafe|https?:/)
      t.notMatch(textOf(page), /<style|<script>|\son\w+=|style=|\{\{/, 'nothing inline, nothing left out')
      const links = linksOf(textOf(page), `https://lms.example.org${prefix}${path}`)
      t.ok(links.length > 4)
      for (const link of links) {
        t.ok(link.startsWith(`${prefix}/`), link)
        t.equal((await asker.send('GET', link, noOne)).status, 200, link)
      }
    }
    const { servers } = jsonOf(await asker.send('GET', `${prefix}/openapi.json`, noOne))
    t.same(servers, [{ url: publicUrl ?? '/' }])
  }
})

t.test('/ tells a program what this is and whether it is well', async (t) => {
  const lrs = await startLrs(t, { settings: { publicUrl: 'https://lms.example.org/lrs' } })
  const answer = await lrs.as('janedoe').send('GET', '/', { headers: { authorization: undefined, accept: '*/*' } })
  t.match(answer.headers.get('content-type'), /^application\/json/)
  t.match(answer.headers.get('vary'), /\bAccept\b/)
  t.same(jsonOf(answer), {
    name: 'Ralph LRS',
    version: '1.2.3',
    state: 'ok',
    links: { xapi: '/lrs/xAPI', documentation: '/lrs/docs', openapi: '/lrs/openapi.json', health: '/lrs/__heartbeat__' }
  })
  const bare = await lrs.as('janedoe').send('GET', '/lrs', noOne)
  t.equal(bare.status, 302)
  t.equal(bare.headers.get('location'), '/lrs/')
})

t.test('what is not there says where the documentation is', async (t) => {
  const asker = (await startLrs(t, { settings: { publicUrl: 'https://lms.example.org/lrs' } })).as('janedoe')
  const lost = await asker.send('GET', '/lrs/nothing', noOne)
  t.equal(lost.status, 404)
  t.equal(jsonOf(lost).message, 'There is nothing at "/nothing". /lrs/docs lists all requests.')
})
