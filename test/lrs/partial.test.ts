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
