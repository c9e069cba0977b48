import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { type Client, forEachBackend, idsIn, isDurable, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, partsOf, sent, statementPart } from '../support/requests.ts'
import { anActivity, aVerb, refTo, withMbox } from '../support/statements.ts'

/** Follows `more` to its end. */
const walk = async (
  asker: Client,
  query: Record<string, string | number | boolean | object>,
  betweenPages: () => Promise<unknown> = async () => {}
): Promise<string[]> => {
  const ids: string[] = []
  let answer = await asker.get(query)
  for (;;) {
    ids.push(...idsIn(answer))
    const { more } = jsonOf(answer)
    if (more === '') return ids
    await betweenPages()
    answer = await asker.send('GET', more)
    if (answer.status !== 200) throw new Error(`${answer.status} to ${more}`)
  }
}

const many = (count: number, parts = {}) => Array.from({ length: count }, () => sent(parts))
const newestFirst = (statements: readonly { readonly id: string }[]) => statements.map(({ id }) => id).reverse()

forEachBackend(t, (t, lrs) => {
  t.test('ruling 8: `more` shows every statement once, while others write', async (t) => {
    for (const ascending of [false, true]) {
      const asker = lrs.fresh()
      const atStart = many(25)
      await asker.store(...atStart)
      const later: string[] = []
      const ids = await walk(asker, { limit: 4, ascending }, async () => {
        later.push(...(await asker.store(...many(2))))
      })
      const expected = atStart.map(({ id }) => id)
      if (ascending) {
        t.same(ids.slice(0, 25), expected)
        t.same(ids.slice(25), later, 'upwards one meets those that came meanwhile, and ends')
        return
      }
      t.same(ids, expected.reverse(), 'downwards none of those that came meanwhile')
    }
  })

  t.test('ruling 8: what is voided meanwhile is left out, and nothing else', async (t) => {
    const asker = lrs.fresh()
    const all = many(9)
    await asker.store(...all)
    const [first, , , , , seventh] = all.toReversed()
    let once = false
    const ids = await walk(asker, { limit: 3 }, async () => {
      if (once) return
      once = true
      const verb = { id: 'http://adlnet.gov/expapi/verbs/voided' }
      await asker.store(sent({ verb, object: refTo(seventh ?? '') }), sent({ verb, object: refTo(first ?? '') }))
    })
    t.same(
      ids,
      newestFirst(all).filter((id) => id !== seventh?.id)
    )
  })

  t.test('ruling 8: `more` carries every filter and the order', async (t) => {
    const asker = lrs.fresh()
    const alice = withMbox('alice')
    const course = anActivity('course')
    const verb = aVerb('read')
    const wanted = many(5, { actor: alice, verb, context: { contextActivities: { parent: [course] } } })
    const unwanted = [...many(3, { actor: alice }), ...many(3, { verb }), ...many(3, { object: course })]
    const mixed = [...wanted.slice(0, 2), ...unwanted, ...wanted.slice(2)]
    await asker.store(...mixed)
    const query = { agent: alice, verb: verb.id, activity: course.id, related_activities: true, limit: 2 }
    t.same(await walk(asker, query), newestFirst(wanted))
    t.same(
      await walk(asker, { ...query, ascending: true }),
      wanted.map(({ id }) => id)
    )
    const { stored: since = '' } = await asker.read(wanted[0]?.id)
    const { stored: until = '' } = await asker.read(wanted[3]?.id)
    t.same(await walk(asker, { ...query, since, until, limit: 1 }), newestFirst(wanted.slice(1, 4)))
  })

  t.test('ruling 8: `more` carries format and attachments', async (t) => {
    const asker = lrs.fresh()
    const contents = ['one', 'two', 'three']
    for (const content of contents) {
      const statement = sent({ attachments: [attachmentOf(content)], actor: { ...withMbox('alice'), name: 'Alice' } })
      await asker.post(undefined, multipart([statementPart(statement), contentPart(content)]))
    }
    const seen: string[] = []
    for (let path = '/xAPI/statements?limit=1&attachments=true&format=ids'; path !== ''; ) {
      const [json, ...others] = partsOf(await asker.send('GET', path))
      const { statements, more } = JSON.parse(String(json?.content))
      t.same(statements[0].actor, withMbox('alice'), 'format=ids')
      seen.push(...others.map(({ content }) => String(content)))
      path = more
    }
    t.same(seen, contents.reverse())
  })

  t.test('ruling 8: `more` needs nothing else, and is a link from the root of the server', async (t) => {
    const asker = lrs.fresh()
    await asker.store(...many(3))
    const { more } = jsonOf(await asker.get({ limit: 2 }))
    t.match(more, /^\/xAPI\/statements\?more=[\w.-]+$/)
    t.equal((await asker.send('GET', more)).status, 200)
    t.equal((await asker.send('GET', more, { headers: { authorization: undefined } })).status, 401, 'nor less')
    t.equal((await asker.speaking('2.0.0').send('GET', more)).status, 200)
    t.same(idsIn(await lrs.fresh().send('GET', more)), [], 'another store stays another store')
  })

  if (isDurable(lrs.backend)) {
    t.test('ruling 8: `more` survives a restart of the server', async (t) => {
      const asker = lrs.fresh()
      const all = many(7)
      await asker.store(...all)
      const ids = await walk(asker, { limit: 3 }, () => lrs.restart())
      t.same(ids, newestFirst(all))
    })
  }

  t.test(
    'Communication §2.1.3: parallel writers and a reader: Consistent-Through is never later than what is invisible',
    async (t) => {
      const asker = lrs.fresh()
      let writing = true
      const write = async (): Promise<void> => {
        for (let batch = 0; batch < 8; batch += 1) await asker.store(...many(3))
      }
      const seenStored = new Map<string, string>()
      const promises: { through: string; ids: Set<string> }[] = []
      const read = async (): Promise<void> => {
        while (writing) {
          const answer = await asker.get({ limit: 0 })
          for (const { id, stored } of jsonOf(answer).statements) seenStored.set(id, stored)
          const through = answer.headers.get('x-experience-api-consistent-through') ?? ''
          promises.push({ through, ids: new Set(idsIn(answer)) })
        }
      }
      await Promise.all([
        Promise.all([write(), write(), write()]).then(() => {
          writing = false
        }),
        read()
      ])
      const all = jsonOf(await asker.get({ limit: 0 })).statements
      t.equal(all.length, 72)
      t.ok(promises.length > 1)
      for (const { through, ids } of promises) {
        const missing = all.filter(
          ({ id, stored }: { id: string; stored: string }) => stored <= through && !ids.has(id)
        )
        if (missing.length > 0) t.same(missing, [], `invisible when ${through} was promised`)
      }
      const stored = all.map((statement: { stored: string }) => statement.stored)
      t.equal(new Set(stored).size, stored.length, 'no two have the same `stored`')
      t.same(stored, stored.toSorted().reverse())
    }
  )
})

t.test('ruling 8: a cursor that was altered is 400', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  await asker.store(...many(3))
  const { more } = jsonOf(await asker.get({ limit: 1, format: 'ids' }))
  const [head = '', digits = ''] = more.split('.')
  const payload = head.slice(head.indexOf('more=') + 5)
  const rewritten = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('ids', 'exact')).toString(
    'base64url'
  )
  const altered = [
    `${more}x`,
    more.slice(0, -1),
    `${head}.`,
    head,
    `${head}.${digits}.${digits}`,
    `/xAPI/statements?more=${rewritten}.${digits}`,
    `/xAPI/statements?more=.${digits}`,
    `/xAPI/statements?more=${payload.toUpperCase()}.${digits}`,
    `/xAPI/statements?more=${encodeURIComponent('../../etc/passwd')}`,
    `/xAPI/statements?more=${'A'.repeat(5000)}`,
    `/xAPI/statements?more=%F0%9F%98%80`
  ]
  for (const path of altered) {
    const answer = await asker.send('GET', path)
    t.equal(answer.status, 400, path)
    t.equal(jsonOf(answer).error, 'INVALID_CURSOR', path)
  }
  t.equal((await asker.send('GET', `${more}&limit=2`)).status, 400, 'a page cannot ask another question')
})
