import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { missingBrowser, startBrowser } from '../support/browser.ts'
import { runserver } from '../support/ralph-process.ts'

/** The user of the demo. */
const [username, password] = ['janedoe', 'supersecret']
const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
const patience = 60_000

/** Runs wherever a text is taken for HTML, in an attribute or in a script. */
const harmful = `"'></script><img src=x onerror="window.harmed=1"><svg onload=window.harmed=1>{{root}}`
const env = { RALPH_AUTH_FILE: resolve('.ralph/auth.json') }

t.test(
  'nothing that others wrote, and no setting, runs in a page of this server',
  { skip: missingBrowser },
  async (t) => {
    const words = ['--host', '127.0.0.1', '--public-url', `https://lms.example.org/${harmful}`]
    const { url } = await runserver(t, words, { env: { ...env, RALPH_APP_DIR: t.testdir() } })

    const send = async (method: string, path: string, body: string, type: string): Promise<void> => {
      const headers = { authorization, 'content-type': type, 'x-experience-api-version': '1.0.3' }
      t.ok((await fetch(url + path, { method, headers, body })).ok, path)
    }
    const names = { en: harmful, de: 'javascript:window.harmed=1' }
    const statement = {
      actor: { mbox: 'mailto:a@example.org', name: harmful },
      verb: { id: 'http://example.org/v', display: names },
      object: {
        id: 'http://example.org/a',
        definition: { name: names, description: names, moreInfo: 'javascript:alert(1)' }
      },
      result: { response: harmful, extensions: { 'http://example.org/x': harmful } }
    }
    await send('POST', '/xAPI/statements', JSON.stringify(statement), 'application/json')
    const state = `/xAPI/activities/state?activityId=http://example.org/a&stateId=s&agent=${encodeURIComponent('{"mbox":"mailto:a@example.org"}')}`
    await send('PUT', state, `<!doctype html>${harmful}<script>window.harmed=1</script>`, 'text/html')

    const browser = await startBrowser(t)
    const context = await browser.newContext({ httpCredentials: { username, password } })
    t.teardown(() => context.close())
    const open = async (path: string): Promise<Page> => {
      const page = await context.newPage()
      page.setDefaultTimeout(patience)
      page.on('dialog', (dialog) => {
        t.fail(`${path} asks ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on('request', (request) => {
        const asked = request.url()
        if (!asked.startsWith('data:') && new URL(asked).origin !== url) t.fail(`${path} asks for ${asked}`)
      })
      await page.goto(url + path)
      return page
    }
    const isUnharmed = async (page: Page, what: string): Promise<void> => {
      await page.waitForTimeout(100)
      t.equal(await page.evaluate('window.harmed'), undefined, what)
      await page.close()
    }

    const encoded = encodeURIComponent(harmful)
    const elsewhere = encodeURIComponent(
      'data:application/json,{"openapi":"3.1.0","info":{"title":"<img src=x onerror=window.harmed=1>"}}'
    )
    const addresses = {
      'the first page': `/?${encoded}#${encoded}`,
      'a page that is not there': `/${encoded}`,
      'a resource that is not there': `/xAPI/${encoded}`,
      'a parameter that is not known': `/xAPI/statements?${encoded}=${encoded}`,
      statements: '/xAPI/statements',
      'a definition': '/xAPI/activities?activityId=http://example.org/a',
      'a document of HTML': state
    }
    for (const [what, address] of Object.entries(addresses)) await isUnharmed(await open(address), what)
    const docs = await open(`/docs?url=${elsewhere}&configUrl=${elsewhere}&urls.primaryName=${encoded}#/${encoded}`)
    const operation = docs.locator('#operations-Statements-get_xAPI_statements')
    await operation.locator('.opblock-summary-control').click()
    await operation.locator('.try-out__btn').click()
    await operation.locator('.execute').click()
    const shown = operation.locator('.live-responses-table .microlight').first()
    await shown.getByText('window.harmed', { exact: false }).first().waitFor()
    t.match(await shown.textContent(), /window\.harmed=1/, 'it is shown as a text')
    t.equal(
      await operation.locator('.live-responses-table img, .live-responses-table svg[onload]').count(),
      0,
      'no element is made of it'
    )
    await isUnharmed(docs, 'the answer within /docs')
  }
)
