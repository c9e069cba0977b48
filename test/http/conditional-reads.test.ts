import t from 'tap'
import { textOf } from '../support/answer.ts'
import { forEachBackend } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const ofActivity = { activityId: anActivity('a').id }
const ofAgent = { agent: withMbox('a') }

forEachBackend(t, (t, lrs) => {
  t.test('what the reader has already is 304 without a body, a document and a single statement', async (t) => {
    const asker = lrs.fresh()
    const [id = ''] = await asker.store(sent())
    const essay = sent({ attachments: [attachmentOf('essay')] })
    await asker.post(undefined, multipart([statementPart(essay), contentPart('essay')]))
    const documents = {
      '/xAPI/activities/state': { ...ofActivity, ...ofAgent, stateId: 's' },
      '/xAPI/activities/profile': { ...ofActivity, profileId: 'p' },
      '/xAPI/agents/profile': { ...ofAgent, profileId: 'p' }
    }
    for (const [path, query] of Object.entries(documents)) {
      const headers = path.endsWith('/profile') ? { 'if-none-match': '*' } : {}
      t.equal((await asker.send('PUT', path, { query, headers, body: { a: 1 } })).status, 204)
    }
    const places = [
      ...Object.entries(documents),
      ['/xAPI/statements', { statementId: id }],
      ['/xAPI/statements', { statementId: id, format: 'ids' }],
      ['/xAPI/statements', { statementId: essay.id, attachments: true }]
    ] as const
    for (const [path, query] of places) {
      const read = (method: string, ifNoneMatch?: string) =>
        asker.send(method, path, { query, headers: { 'if-none-match': ifNoneMatch } })
      const whole = await read('GET')
      const etag = whole.headers.get('etag') ?? ''
      t.equal(whole.status, 200, path)
      for (const method of ['GET', 'HEAD']) {
        for (const known of [etag, `W/${etag}`, `"other", ${etag}`, etag.replaceAll('"', ''), '*']) {
          const answer = await read(method, known)
          t.equal(answer.status, 304, `${method} ${path} ${known}`)
          t.equal(textOf(answer), '')
          for (const name of ['etag', 'last-modified']) t.equal(answer.headers.get(name), whole.headers.get(name))
          for (const name of ['content-type', 'content-length']) t.notOk(answer.headers.has(name), name)
        }
        const changed = await read(method, '"other", W/"another"')
        t.equal(changed.status, 200)
        t.equal(textOf(changed).length, method === 'HEAD' ? 0 : textOf(whole).length)
      }
      t.equal((await read('GET', 'not, "one')).status, 400, 'as it is when something is written')
    }
  })

  t.test('what is not there stays 404', async (t) => {
    const missing = { ...ofActivity, ...ofAgent, stateId: 'missing' }
    const headers = { 'if-none-match': '*' }
    const asker = lrs.fresh()
    t.equal((await asker.send('GET', '/xAPI/activities/state', { query: missing, headers })).status, 404)
    t.equal((await asker.get({ statementId: sent().id }, { headers })).status, 404)
  })
})
