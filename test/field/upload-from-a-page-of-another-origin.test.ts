import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { aBreakingWire } from '../support/breaking-wire.ts'
import { missingBrowser, startBrowser } from '../support/browser.ts'
import { aPlace, as, linesOf, paddedStatements, sha256, start } from '../support/uploads.ts'

/** What Uppy is in a page without a bundler. */
const uppy = join(dirname(createRequire(import.meta.url).resolve('uppy/package.json')), 'dist')

/** A page of another origin, with the dashboard of Uppy. */
const html = `<!doctype html><link rel=stylesheet href=/uppy.min.css><div id=dashboard></div><script type=module>
import { Dashboard, Tus, Uppy } from '/uppy.min.mjs'
const told = (window.told = { offsets: [] })
const uppy = new Uppy()
uppy.use(Dashboard, { inline: true, target: '#dashboard' })
uppy.use(Tus, {
  endpoint: new URLSearchParams(location.search).get('to'),
  headers: { authorization: '${as('jane').authorization}' },
  retryDelays: [0, 200, 1000, 3000],
  onAfterResponse: (request, response) => {
    if (request.getMethod() === 'HEAD') told.offsets.push(Number(response.getHeader('Upload-Offset')))
    told.import = response.getHeader('Ralph-Import') ?? told.import
  }
})
uppy.on('complete', ({ successful, failed }) => { told.ended = [successful.length, failed.length] })
</script>`

interface Told {
  readonly offsets: readonly number[]
  readonly import?: string
  readonly ended?: readonly number[]
}

const servePage = async (t: Test): Promise<string> => {
  const server = createServer(({ url = '/' }, response) => {
    const name = ['uppy.min.mjs', 'uppy.min.css'].find((each) => url === `/${each}`)
    const type = name === undefined ? 'text/html' : name.endsWith('css') ? 'text/css' : 'text/javascript'
    response.setHeader('content-type', type)
    response.end(name === undefined ? html : readFileSync(join(uppy, name)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  // A server that listens on TCP has such an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test(
  'Uppy in a page of another origin goes on when the network breaks, and the statements are there',
  { skip: missingBrowser },
  async (t) => {
    const origin = await servePage(t)
    const place = aPlace(t, { RALPH_RUNSERVER_CORS_ALLOW_ORIGINS: origin })
    const server = await start(t, place)
    const statements = paddedStatements(3_000_000)
    const bytes = Buffer.from(linesOf(statements))
    const file = join(place.cwd, 'events.jsonl')
    writeFileSync(file, bytes)
    const wire = await aBreakingWire(t)
    wire.lead(server.url)

    const browser = await startBrowser(t)
    const page = await browser.newPage()
    page.on('pageerror', (error) => t.fail(error.message))
    await page.goto(`${origin}/?to=${encodeURIComponent(`${wire.url}/api/upload`)}`)
    await page.locator('input[type=file]').first().setInputFiles(file)
    wire.breakAfter(bytes.length * 0.4)
    await page.locator('.uppy-StatusBar-actionBtn--upload').click()
    await page.waitForFunction('told.ended !== undefined', undefined, { timeout: 60_000 })
    const told = (await page.evaluate('told')) as Told
    t.same(told.ended, [1, 0])
    const [offset = 0] = told.offsets
    t.ok(offset > 0 && offset < bytes.length, `it went on at ${offset} of ${bytes.length} bytes`)

    const record = `${server.url}/imports/${told.import}`
    let found: { readonly status?: string } = {}
    for (const until = Date.now() + 30_000; found.status !== 'DONE' && Date.now() < until; ) {
      found = (await (await fetch(record, { headers: as('jane') })).json()) as typeof found
      await wait(50)
    }
    t.match(found, { status: 'DONE', sha256: sha256(bytes), counts: { written: statements.length, rejected: 0 } })
  }
)
