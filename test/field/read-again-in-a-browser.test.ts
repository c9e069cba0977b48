import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { missingBrowser, startBrowser } from '../support/browser.ts'
import { basic, type Lrs, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

interface Init {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

interface Seen {
  readonly status: number
  readonly text: string
  /** Bytes that came over the wire for it, headers included. */
  readonly transferred: number
}

/** What a page gets when it fetches a URL as it would: the browser decides whether to ask the server. */
const fetchIn = (page: Page, url: string, username?: string): Promise<Seen> =>
  page.evaluate(
    async ([url, authorization]) => {
      performance.clearResourceTimings()
      const headers = authorization === undefined ? {} : { authorization }
      // Else the browser would ask a person for a password when it gets 401.
      const response = await fetch(url, { headers, credentials: 'omit' })
      const text = await response.text()
      const [timing] = performance.getEntriesByType('resource').map((each): { transferSize?: number } => each.toJSON())
      return { status: response.status, text, transferred: timing?.transferSize ?? -1 }
    },
    [url, username === undefined ? undefined : basic(username)] as const
  )

/** A page of the server itself. */
const openHome = async (t: Test, lrs: Lrs): Promise<Page> => {
  const page = await (await startBrowser(t)).newPage()
  await page.goto(`http://127.0.0.1:${lrs.port}/`)
  return page
}

/** An answer that says only when it was last modified is deemed fresh for a tenth of the time since. */
const longEnough = 4000

t.test(
  'a page that reads again sees what changed, and asks for it no more than it must',
  { skip: missingBrowser },
  async (t) => {
    const lrs = await startLrs(t)
    const page = await openHome(t, lrs)
    const asker = lrs.fresh()
    await asker.store(...Array.from({ length: 50 }, () => sent()))
    const state = { activityId: anActivity('a').id, agent: JSON.stringify(withMbox('a')), stateId: 's' }
    const put = (body: string) => asker.send('PUT', '/xAPI/activities/state', { query: state, body })
    await put('one')
    await wait(longEnough)
    const urls = ['/xAPI/statements?limit=60', `/xAPI/activities/state?${new URLSearchParams(state)}`] as const
    const [list, document] = urls
    const count = ({ text }: Seen): number => JSON.parse(text).statements.length

    const first = await fetchIn(page, list, asker.username)
    t.equal(count(first), 50)
    t.ok(first.transferred > first.text.length)
    t.equal((await fetchIn(page, document, asker.username)).text, 'one')
    const again = await fetchIn(page, list, asker.username)
    t.equal(again.text, first.text)
    t.ok(again.transferred < 2000, `304: ${again.transferred} bytes of ${first.transferred}`)

    await asker.store(sent())
    t.equal(count(await fetchIn(page, list, asker.username)), 51, 'a list')
    await put('two')
    t.equal((await fetchIn(page, document, asker.username)).text, 'two', 'a document')
  }
)

t.test(
  'another user of the same browser gets what is theirs, and a stranger nothing',
  { skip: missingBrowser },
  async (t) => {
    const lrs = await startLrs(t)
    const page = await openHome(t, lrs)
    const [one, other] = [lrs.fresh(), lrs.fresh()]
    const statement = sent()
    await one.store(statement)
    await wait(longEnough)
    for (const url of ['/xAPI/statements', `/xAPI/statements?statementId=${statement.id}`]) {
      t.match((await fetchIn(page, url, one.username)).text, statement.id, url)
      const others = await fetchIn(page, url, other.username)
      t.notMatch(others.text, '"actor"', url)
      for (const stranger of ['mallory', undefined]) {
        const refused = await fetchIn(page, url, stranger)
        t.equal(refused.status, 401, `${stranger} ${url}`)
        t.notMatch(refused.text, statement.id)
      }
      t.match((await fetchIn(page, url, one.username)).text, statement.id, 'and the first one still theirs')
    }
  }
)

t.test('a page of another origin reads answers and errors alike', { skip: missingBrowser }, async (t) => {
  const site = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<p>course</p>')
  )
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.teardown(() => site.close())
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const page = await (await startBrowser(t)).newPage()
  await page.goto(origin)
  for (const corsAllowOrigins of [[origin], ['*']]) {
    const lrs = await startLrs(t, { settings: { corsAllowOrigins } })
    const ask = (path: string, init: Init) =>
      page.evaluate(
        async ([url, init]: readonly [string, Init]) => {
          const response = await fetch(url, init)
          const text = await response.text()
          return { status: response.status, version: response.headers.get('x-experience-api-version'), text }
        },
        [`http://127.0.0.1:${lrs.port}${path}`, init] as const
      )
    const headers = { authorization: basic('janedoe'), 'x-experience-api-version': '1.0.3' }
    const json = { ...headers, 'content-type': 'application/json', traceparent: '00-1-1-00' }
    const stored = await ask('/xAPI/statements', { method: 'POST', headers: json, body: JSON.stringify(sent()) })
    t.equal(stored.status, 200)
    t.equal(stored.version, '1.0.3', 'headers too')
    const errors: readonly (readonly [status: number, path: string, init: Init])[] = [
      [400, '/xAPI/statements?limit=x', { headers }],
      [401, '/xAPI/statements', {}],
      [404, '/nothing', { headers }],
      [405, '/xAPI/statements', { method: 'DELETE', headers }],
      [431, '/xAPI/statements', { headers: { ...headers, 'if-none-match': `"${'x'.repeat(30_000)}"` } }]
    ]
    for (const [status, path, init] of errors) {
      const answer = await ask(path, init)
      t.equal(answer.status, status, `${status} with ${corsAllowOrigins}`)
      t.equal(typeof JSON.parse(answer.text).message, 'string')
    }
  }
})
