import t from 'tap'
import { aPlace, as, start } from '../support/uploads.ts'

t.test('hostile requests to the door of imports', async (t) => {
  const { url } = await start(t, aPlace(t))
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${url}${path}`, { ...init, headers: { ...as('jane'), ...init.headers } })
    return { status: answer.status, ...((await answer.json()) as object) }
  }

  t.test('a parameter that comes twice is refused by its name, and the store is not asked', async (t) => {
    for (const name of ['door', 'status', 'limit', 'after']) {
      t.match(await ask(`/imports?${name}=1&${name}=2`), { status: 400, error: 'INVALID_PARAMETER', parameter: name })
    }
    t.match(await ask('/imports?door=%00'), { status: 200, imports: [] })
  })

  t.test('a body that is too large is told the limit that it passed', async (t) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await ask('/imports', { method: 'POST', headers, body: ' '.repeat(70_000) })
    t.match(answer, { status: 413, limit: 65_536, message: /65536 bytes/ })
    t.notOk('setting' in answer, 'no setting holds this limit')
  })

  t.test('field B11: a page of another site cannot use what the browser keeps', async (t) => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.org' }
    const id = '00000000-0000-4000-8000-000000000000'
    for (const path of ['/imports', `/imports/${id}/retry`]) {
      t.match(await ask(path, { method: 'POST', headers }), { status: 403, error: 'FORBIDDEN' }, path)
    }
    t.match(await ask(`/imports/${id}/retry`, { method: 'POST' }), { status: 404 }, 'programs are no pages')
  })
})
