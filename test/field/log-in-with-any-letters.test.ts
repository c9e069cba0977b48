import t from 'tap'
import { missingBrowser, startBrowser } from '../support/browser.ts'
import { runserver } from '../support/ralph-process.ts'
import { aUser } from '../support/users.ts'

const users = [
  ['ann', 'pässwört'],
  ['zoë', 'ключ🔑']
] as const

const start = async (app: string) => (await runserver(t, ['--host', '127.0.0.1'], { env: { RALPH_APP_DIR: app } })).url
const entries = users.map(([name, password], index) =>
  aUser(name, password, { agent: { mbox: `mailto:user${index}@example.org` } })
)
const url = await start(t.testdir({ 'auth.json': JSON.stringify(await Promise.all(entries)) }))

t.test(
  'a password beyond ASCII that is typed into the documentation gets through',
  { skip: missingBrowser },
  async (t) => {
    const browser = await startBrowser(t)
    for (const [username, password] of users) {
      const page = await browser.newPage()
      page.setDefaultTimeout(60_000)
      await page.goto(`${url}/docs`)
      await page.click('button.authorize')
      await page.fill('.auth-container input[type=text]', username)
      await page.fill('.auth-container input[type=password]', password)
      await page.click('.auth-btn-wrapper .authorize')
      await page.click('.auth-btn-wrapper .btn-done')
      const operation = page.locator('#operations-Statements-post_xAPI_statements')
      await operation.locator('.opblock-summary-control').click()
      await operation.locator('.try-out__btn').click()
      const answered = page.waitForResponse((response) => response.request().method() === 'POST')
      await operation.locator('.execute').click()
      t.equal((await answered).status(), 200, username)
      await page.close()
    }
  }
)

t.test(
  "a password beyond ASCII that is typed into the browser's own dialog gets through",
  { skip: missingBrowser },
  async (t) => {
    const asked = await fetch(`${url}/whoami`)
    t.match(asked.headers.get('www-authenticate'), /charset="UTF-8"/)
    const browser = await startBrowser(t)
    for (const [username, password] of users) {
      const context = await browser.newContext({ httpCredentials: { username, password } })
      const page = await context.newPage()
      t.equal((await page.goto(`${url}/whoami`))?.status(), 200, username)
      await context.close()
    }
  }
)
