import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'

const usageType = 'http://adlnet.gov/expapi/attachments/signature'

t.test('partialSuccess: an attachment or signature that is wrong is named by its place in what was sent', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const batch = [
    sent(),
    sent({ attachments: [attachmentOf('missing')] }),
    sent({ attachments: [attachmentOf('no JWS', { usageType })] }),
    sent({ attachments: [attachmentOf('essay')] })
  ]
  const parts = [statementPart(batch), contentPart('no JWS'), contentPart('essay')]
  const answer = await asker.post(undefined, { ...multipart(parts), query: { partialSuccess: true } })
  t.equal(answer.status, 200)
  const { ids, errors } = jsonOf(answer)
  t.same(ids, [batch[0]?.id, batch[3]?.id])
  t.match(errors, [
    { index: 1, code: 'INVALID_ATTACHMENT', reason: /^Statement 1 at /, problems: [{ index: 1 }] },
    { index: 2, code: 'INVALID_SIGNATURE', reason: /^Statement 2 at /, problems: [{ index: 2 }] }
  ])
})

t.test('partialSuccess: others have their turns while a long list is stored, and it keeps its order', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const batch = Array.from({ length: 3000 }, (_, at) => (at % 10 === 9 ? {} : sent()))
  let answered = 0
  let isDone = false
  const answer = asker.post(batch, { query: { partialSuccess: true } }).finally(() => {
    isDone = true
  })
  while (!isDone) {
    t.equal((await asker.send('GET', '/xAPI/about')).status, 200)
    answered += 1
  }
  const { ids, inserted, rejected } = jsonOf(await answer)
  t.same([inserted, rejected], [2700, 300])
  t.same(
    ids,
    batch.flatMap((each) => ('id' in each ? [each.id] : []))
  )
  t.ok(answered > 5, `${answered} others were answered`)
})
