import t from 'tap'
import { voidedVerb } from '../../src/xapi/statement.ts'
import { jsonOf, textOf } from '../support/answer.ts'
import { type Client, forEachBackend, idsIn, isDurable } from '../support/lrs.ts'
import { agentOf } from '../support/lrs-users.ts'
import { attachmentOf, contentPart, multipart, type Part, partsOf, sent, statementPart } from '../support/requests.ts'
import { anActivity, anId, aVerb, refTo, withAccount, withMbox } from '../support/statements.ts'

const fileUrl = 'https://files.example.org/essay'
const voiding = (target: { readonly id: string } | string) => sent({ verb: { id: voidedVerb }, object: refTo(target) })

const postParts = async (asker: Client, ...parts: readonly Part[]): Promise<number> =>
  (await asker.post(undefined, multipart(parts))).status

/** The bytes that come with an answer. */
const bytesOf = async (asker: Client, query: object): Promise<readonly string[]> =>
  partsOf(await asker.get({ ...query, attachments: true }))
    .slice(1)
    .map(({ content }) => content.toString())

const definitionFor = async (asker: Client, activityId: string) =>
  jsonOf(await asker.send('GET', '/xAPI/activities', { query: { activityId } })).definition

const namesFor = async (asker: Client, agent: object) =>
  jsonOf(await asker.send('GET', '/xAPI/agents', { query: { agent } })).name

/** Everything on all pages, and how many pages there are. */
const pagesOf = async (asker: Client, query: Record<string, string | number | boolean | object>) => {
  const ids: string[] = []
  let pages = 1
  let answer = await asker.get(query)
  for (;;) {
    ids.push(...idsIn(answer))
    const { more } = jsonOf(answer)
    if (more === '') return { ids, pages }
    answer = await asker.send('GET', more)
    pages += 1
  }
}

forEachBackend(
  t,
  (t, lrs) => {
    const [bob, alice] = [lrs.as('john'), lrs.as('janedoe')]

    t.test('ruling 30: who names a digest does not get the bytes that another one brought', async (t) => {
      const content = `her essay ${anId()}`
      const verb = aVerb(`v${anId()}`)
      const hers = sent({ verb, attachments: [attachmentOf(content)] })
      t.equal(await postParts(alice, statementPart(hers), contentPart(content)), 200)
      const his = sent({ verb, attachments: [attachmentOf(content, { fileUrl })] })
      for (const time of ['first', 'again']) {
        await bob.store(his)
        t.same(await bytesOf(bob, { statementId: his.id }), [], `${time}, read by its id`)
        t.same(await bytesOf(bob, { verb: verb.id }), [], `${time}, in a list`)
      }
      const [, other] = [hers, sent({ verb, attachments: [attachmentOf(content.toUpperCase())] })]
      t.equal(await postParts(bob, statementPart(other), contentPart(content.toUpperCase())), 200)
      t.same(await bytesOf(bob, { verb: verb.id }), [content.toUpperCase()], 'beside one that brought its own')
      await bob.store(voiding(his))
      t.same(await bytesOf(bob, { voidedStatementId: his.id }), [], 'nor when it is voided')
      t.same(await bytesOf(alice, { statementId: hers.id }), [content])
      if (!isDurable(lrs.backend)) return
      await lrs.restart()
      t.same(await bytesOf(bob, { verb: verb.id }), [content.toUpperCase()], 'after a restart')
      t.same(await bytesOf(bob, { voidedStatementId: his.id }), [])
      t.same(await bytesOf(alice, { statementId: hers.id }), [content])
    })

    t.test('ruling 30: who brings the bytes reads them, fileUrl or not, who else did so before', async (t) => {
      const content = `a common essay ${anId()}`
      const [hers, his] = [
        sent({ attachments: [attachmentOf(content, { fileUrl })] }),
        sent({ attachments: [attachmentOf(content, { fileUrl })] })
      ]
      t.equal(await postParts(alice, statementPart(hers), contentPart(content)), 200)
      t.equal(await postParts(bob, statementPart(his), contentPart(content)), 200)
      t.same(await bytesOf(alice, { statementId: hers.id }), [content])
      t.same(await bytesOf(bob, { statementId: his.id }), [content])
      await bob.store(his)
      t.same(await bytesOf(bob, { statementId: his.id }), [content], 'sent again without them')
    })

    t.test('ruling 29: definitions, displays and names come from what the reader may read', async (t) => {
      const [activity, verb, ann] = [`a${anId()}`, aVerb(`v${anId()}`), withAccount(`ann ${anId()}`)]
      const saying = (text: string) =>
        sent({
          actor: { ...ann, name: text },
          verb: { ...verb, display: { en: text } },
          object: anActivity(activity, { name: { en: text }, extensions: { [`https://e.example.org/${text}`]: 1 } })
        })
      const plain = sent({ actor: ann, verb, object: anActivity(activity) })
      await alice.store(saying('hers'))
      await bob.store(plain)
      const { id } = anActivity(activity)
      const canonicalFor = async (asker: Client) =>
        jsonOf(await asker.get({ format: 'canonical', verb: verb.id })).statements[0]
      const look = async () => {
        const { verb, object } = await canonicalFor(bob)
        return [await definitionFor(bob, id), await namesFor(bob, ann), verb.display, object.definition]
      }
      t.same(await look(), [undefined, undefined, undefined, undefined], 'nothing of hers')
      t.same((await definitionFor(alice, id)).name, { en: 'hers' })
      t.same(await namesFor(alice, ann), ['hers'])
      await bob.store(saying('his'))
      await alice.store(saying('later'))
      const his = { name: { en: 'his' }, extensions: { 'https://e.example.org/his': 1 } }
      t.same(await look(), [his, ['his'], { en: 'his' }, his])
      t.same((await definitionFor(alice, id)).name, { en: 'later' })
      t.same((await canonicalFor(alice)).verb.display, { en: 'later' })
      if (!isDurable(lrs.backend)) return
      await lrs.restart()
      t.same(await look(), [his, ['his'], { en: 'his' }, his], 'after a restart')
    })

    t.test('ruling 29: no filter looks into a statement that the reader may not read', async (t) => {
      const [ann, verb, registration] = [withMbox(`ann-${anId()}`), aVerb(`v${anId()}`), anId()]
      const hers = sent({ actor: ann, object: anActivity('secret'), context: { registration } })
      await alice.store(hers)
      const refer = (to: { readonly id: string }) => sent({ verb, object: refTo(to) })
      const his = refer(hers)
      const further = refer(his)
      const own = sent({ actor: ann, verb })
      const onOwn = refer(own)
      await bob.store(his, further, own, onOwn, ...Array.from({ length: 5 }, () => refer(hers)))
      const about = { verb: verb.id, agent: ann }
      t.same(await bob.list(about), [onOwn.id, own.id])
      t.same(await bob.list({ verb: verb.id, registration }), [])
      t.same(await bob.list({ verb: verb.id, activity: anActivity('secret').id }), [])
      t.same(await bob.list({ verb: verb.id, activity: anActivity('secret').id, related_activities: true }), [])
      t.same(await bob.list({ ...about, related_agents: true, ascending: true }), [own.id, onOwn.id])
      for (const limit of [1, 2, 3]) {
        for (const ascending of [true, false]) {
          const { ids, pages } = await pagesOf(bob, { ...about, limit, ascending })
          t.same(ids.toSorted(), [own.id, onOwn.id].toSorted(), `limit ${limit}`)
          t.equal(pages, limit === 1 ? 2 : 1, `\`more\` tells nothing, limit ${limit}`)
        }
      }
      const { ids } = await pagesOf(bob, { verb: verb.id, limit: 4 })
      t.equal(ids.length, 9, 'what asks nothing of others is there as ever')
      const void1 = voiding(own)
      await bob.store(void1)
      t.same(await bob.list({ agent: ann }), [void1.id, onOwn.id], 'a target of one’s own counts when it is voided')
      t.same(await alice.list({ agent: ann }), [hers.id])
    })

    t.test('ruling 29: another’s statement is answered as one that is not there', async (t) => {
      const [hers, voided] = [sent(), sent()]
      await alice.store(hers, voided, voiding(voided))
      for (const [name, id] of Object.entries({ statementId: hers.id, voidedStatementId: voided.id })) {
        const unknown = anId()
        const [there, absent] = [await bob.get({ [name]: id }), await bob.get({ [name]: unknown })]
        t.equal(there.status, 404)
        t.equal(textOf(there).replaceAll(id, unknown), textOf(absent))
        t.same([...there.headers.keys()].toSorted(), [...absent.headers.keys()].toSorted())
      }
    })

    t.test('ruling 31: a statement is voided by who stored it; else 403, the same for unknown ids', async (t) => {
      const [hers, his, beside] = [sent(), sent(), sent()]
      await alice.store(hers)
      await bob.store(his)
      const unknown = anId()
      const [foreign, absent] = [await bob.post([beside, voiding(hers)]), await bob.post([voiding(unknown)])]
      t.equal(foreign.status, 403)
      t.equal(absent.status, 403)
      t.equal(jsonOf(foreign).error, 'FORBIDDEN')
      t.equal(textOf(foreign).replaceAll(hers.id, unknown), textOf(absent), 'word for word')
      t.equal((await bob.get({ statementId: beside.id })).status, 404, 'nothing of the batch is stored')
      t.equal((await alice.get({ statementId: hers.id })).status, 200)
      const put = await bob.send('PUT', '/xAPI/statements', {
        query: { statementId: anId() },
        body: { ...voiding(hers), id: undefined }
      })
      t.equal(put.status, 403)
      const own = voiding(his)
      await bob.store(own)
      await bob.store(own)
      t.equal((await bob.get({ voidedStatementId: his.id })).status, 200, 'his own, sent again too')
      const together = sent()
      await bob.store(voiding(together), together)
      t.equal((await bob.get({ voidedStatementId: together.id })).status, 200, 'one of the same batch')
      const mean = voiding(hers)
      t.equal((await bob.post([hers, mean])).status, 403)
      t.equal((await alice.get({ statementId: hers.id })).status, 200, 'not by sending it along, either')
    })

    t.test('ruling 31: with partial success the voiding statement is refused, the others are stored', async (t) => {
      const [hers, good] = [sent(), sent()]
      await alice.store(hers)
      const answer = await bob.send('POST', '/xAPI/statements', {
        query: { partialSuccess: true },
        body: [good, voiding(hers), voiding(good)]
      })
      t.equal(answer.status, 200)
      const { ids, errors } = jsonOf(answer)
      t.equal(ids.length, 2)
      t.match(errors, [{ index: 1, code: 'FORBIDDEN' }])
      t.equal((await alice.get({ statementId: hers.id })).status, 200)
      t.equal((await bob.get({ voidedStatementId: good.id })).status, 200)
      const none = await bob.send('POST', '/xAPI/statements', {
        query: { partialSuccess: true },
        body: [voiding(hers)]
      })
      t.equal(none.status, 403)
    })

    t.test('ruling 31: of an id that another has, nothing is learned but that it is taken', async (t) => {
      const hers = sent({ object: anActivity('guessed') })
      await alice.store(hers)
      const { id, ...rest } = hers
      const put = (body: object) => bob.send('PUT', '/xAPI/statements', { query: { statementId: id }, body })
      const right = await put(rest)
      const wrong = await put({ ...rest, object: anActivity('guessed-wrong') })
      t.equal(right.status, 409, 'a right guess is not told from a wrong one')
      t.equal(wrong.status, 409)
      t.equal(textOf(right), textOf(wrong))
      t.equal((await alice.post(hers)).status, 200, 'she may send it again')
    })

    t.test(
      'ruling 31: where scopes are not enforced nobody sends in the name of another, not even with `all`',
      async (t) => {
        const authority = { objectType: 'Agent', ...agentOf('janedoe') } as const
        const his = { ...sent(), authority }
        await bob.store(his)
        t.match((await bob.read(his.id)).authority, agentOf('john'))
        t.equal((await alice.get({ statementId: his.id })).status, 404, 'she has not sent it')
      }
    )
  },
  { settings: { restrictByAuthority: true } }
)

forEachBackend(
  t,
  (t, lrs) => {
    t.test('ruling 31: where scopes are enforced, who has the scope `all` voids for others; no one else', async (t) => {
      const [admin, mine, speaker] = [lrs.as('janedoe'), lrs.as('mine'), lrs.as('speaker')]
      const [first, second] = [sent(), sent()]
      await mine.store(first, second)
      t.equal((await speaker.post(voiding(first))).status, 403, 'to read all is not enough')
      t.equal((await admin.post(voiding(first))).status, 200)
      t.equal((await mine.get({ voidedStatementId: first.id })).status, 200)
      t.equal((await admin.post(voiding(anId()))).status, 200, 'ruling 10 holds for who may void all')
    })

    t.test('ruling 29: who may read everything is restricted in nothing', async (t) => {
      const [reader, admin] = [lrs.as('reader'), lrs.as('janedoe')]
      const [ann, activity, content] = [withMbox(`ann-${anId()}`), anActivity(`a${anId()}`), `bytes ${anId()}`]
      const target = sent({
        actor: { ...ann, name: 'Ann' },
        object: { ...activity, definition: { name: { en: 'Known' } } },
        attachments: [attachmentOf(content)]
      })
      const naming = sent({ attachments: [attachmentOf(content, { fileUrl })] })
      await postParts(admin, statementPart(target), contentPart(content))
      const reference = sent({ object: refTo(target) })
      await lrs.as('mine').store(reference, naming)
      t.same(await reader.list({ agent: ann }), [reference.id, target.id])
      t.same(await definitionFor(reader, activity.id), { name: { en: 'Known' } })
      t.same(await namesFor(reader, ann), ['Ann'])
      t.same(await bytesOf(reader, { statementId: naming.id }), [content])
      t.same(await bytesOf(lrs.as('mine'), { statementId: naming.id }), [])
    })
  },
  { settings: { restrictByAuthority: true, restrictByScopes: true } }
)
