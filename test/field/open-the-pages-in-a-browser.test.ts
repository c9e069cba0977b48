import { resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { missingBrowser, startBrowser } from '../support/browser.ts'
import { startPrefixProxy } from '../support/prefix-proxy.ts'
import { runserver } from '../support/ralph-process.ts'

/** Swagger UI takes its time on a machine that is busy. */
const patience = 60_000

let started: Promise<Browser> | undefined
/** One for all: each page of `open` has a context, and so cookies and credentials, of its own. */
const theBrowser = (): Promise<Browser> => {
  started ??= startBrowser(t)
  return started
}

/** The user of the demo, whom README and the page itself name. */
const [username, password] = ['janedoe', 'supersecret']

/** The server as a newcomer has it; its address. */
const startServer = async (t: Test, words: readonly string[] = []): Promise<string> => {
  const env = { RALPH_APP_DIR: t.testdir(), RALPH_AUTH_FILE: resolve('.ralph/auth.json') }
  return (await runserver(t, ['--host', '127.0.0.1', ...words], { env })).url
}

/** Opens a page that may ask nobody but its own server, break no rule of its own policy, and fail at nothing. */
const open = async (
  t: Test,
  browser: Browser,
  url: string,
  options: { colorScheme?: 'dark' | 'light'; width?: number } = {}
): Promise<Page> => {
  const { colorScheme = 'light', width = 1024 } = options
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  const { origin } = new URL(url)
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) t.equal(new URL(request.url()).origin, origin, request.url())
  })
  page.on('response', (response) => t.ok(response.status() < 400, `${response.url()}: ${response.status()}`))
  page.on('console', (message) => t.not(message.type(), 'error', message.text()))
  page.on('pageerror', (error) => t.fail(error.message))
  await page.goto(url)
  return page
}

/** How light the ground of a page is, from 0 to 255. */
const lightness = async (page: Page): Promise<number> => {
  const colour = await page.evaluate('getComputedStyle(document.body).backgroundColor')
  return Math.max(...(String(colour).match(/\d+/g) ?? []).slice(0, 3).map(Number))
}

const width = (page: Page): Promise<unknown> => page.evaluate('document.documentElement.scrollWidth')

/** How a server is reached, and what it was told of that. */
const ways = {
  'at its own address': { prefix: '', cuts: false, told: false },
  'behind a proxy that keeps the prefix': { prefix: '/lrs', cuts: false, told: true },
  'behind a proxy that cuts the prefix off': { prefix: '/lrs', cuts: true, told: true },
  'behind a proxy that cuts off a prefix that the server was not told of': { prefix: '/lrs', cuts: true, told: false }
} as const

for (const [way, { prefix, cuts, told }] of Object.entries(ways)) {
  t.test(`${way}, a newcomer sends the first statement from the page`, { skip: missingBrowser }, async (t) => {
    const url = await startServer(t, told ? ['--public-url', `https://lms.example.org${prefix}`] : [])
    const base = prefix === '' ? url : await startPrefixProxy(t, { url, prefix, cuts })
    const browser = await theBrowser()
    const page = await open(t, browser, `${base}/`)
    t.match(await page.textContent('body'), /The server runs and its store works.*Version\s+\d+\.\d+/s)
    t.equal(await page.textContent('#endpoint'), `${base}/xAPI/`)
    for (const link of ['xAPI/about', 'openapi.json', '__heartbeat__']) {
      const href = await page.getAttribute(`a:text("${link}")`, 'href')
      t.equal((await page.request.get(new URL(href ?? '', page.url()).href)).status(), 200, link)
    }
    await page.click('a:text("Documentation")')

    await page.click('button.authorize')
    await page.fill('.auth-container input[type=text]', username)
    await page.fill('.auth-container input[type=password]', password)
    await page.click('.auth-btn-wrapper .authorize')
    await page.click('.auth-btn-wrapper .btn-done')
    const operation = page.locator('#operations-Statements-post_xAPI_statements')
    await operation.locator('.opblock-summary-control').click()
    await operation.locator('.try-out__btn').click()
    await operation.locator('.execute').click()
    const answer = await operation.locator('.live-responses-table .microlight').first().textContent()
    const [id] = JSON.parse(answer ?? '')
    t.match(await operation.locator('.request-url').textContent(), `${base}/xAPI/statements`)

    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const stored = await fetch(`${url}/xAPI/statements?statementId=${id}`, { headers: { authorization } })
    t.match(await stored.json(), { id, actor: { name: 'Ada' }, result: { completion: true } }, 'it is stored')
  })
}

t.test('the schema of a statement is shown', { skip: missingBrowser }, async (t) => {
  const page = await open(t, await theBrowser(), `${await startServer(t)}/docs`)
  const operation = page.locator('#operations-Statements-put_xAPI_statements')
  await operation.locator('.opblock-summary-control').click()
  await operation.locator('.opblock-section-request-body button:text("Schema")').click()
  await operation.locator('.opblock-section-request-body button:text("Expand all")').first().click()
  await operation.getByText('attachments', { exact: true }).first().waitFor()
  const schema = (await operation.locator('.opblock-section-request-body').textContent()) ?? ''
  for (const property of ['actor', 'verb', 'object', 'result', 'context']) t.match(schema, property)
  t.notMatch(await page.textContent('body'), /Resolver error|Could not resolve/)
})

t.test('both pages are dark for whoever wants them dark, and fit a telephone', { skip: missingBrowser }, async (t) => {
  const server = await startServer(t)
  const browser = await theBrowser()
  for (const path of ['/', '/docs']) {
    const url = `${server}${path}`
    const [light, dark, narrow] = [
      await open(t, browser, url),
      await open(t, browser, url, { colorScheme: 'dark' }),
      await open(t, browser, url, { width: 360 })
    ]
    if (path === '/docs') for (const page of [light, dark, narrow]) await page.waitForSelector('.opblock')
    t.ok((await lightness(light)) > 200, `${path} is light`)
    t.ok((await lightness(dark)) < 60, `${path} is dark`)
    t.equal(await width(narrow), 360, `${path} needs no scrolling sideways`)
  }
})
