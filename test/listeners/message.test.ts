import t from 'tap'
import { messageFields, parseMessage } from '../../src/listeners/message.ts'

const uuid_ref = '2F2B3A8E-2A6B-4C51-9D3B-0A6E2F7C1D11'
const whole = { uuid_ref, data_type: 'a/b', data_location: 'x', meta_location: 'y', more: [1] }
const usual = messageFields({}, 'message_fields')

t.test('fields have the names of the configuration, and the body stays whole', async (t) => {
  const fields = messageFields(
    { uuid: { key: 'id' }, meta_location: { key: 'm', required: 'false' } },
    'message_fields'
  )
  const parsed = parseMessage(JSON.stringify({ ...whole, id: uuid_ref, meta_location: undefined }), fields)
  t.match(parsed, { message: { uuid: uuid_ref.toLowerCase(), type: 'a/b', body: { more: [1] }, meta_location: '' } })
})

t.test('all missing keys are named, and there is a row', async (t) => {
  t.match(parseMessage({ uuid_ref, data_type: 'a/b' }, usual), {
    problem: 'the message lacks data_location, meta_location',
    row: { uuid: uuid_ref.toLowerCase(), type: 'a/b' }
  })
})

t.test('a message without a usable id has the same one each time', async (t) => {
  for (const [text, problem] of [
    ['not json', /not valid JSON/],
    ['[1]', /not a JSON object/],
    [JSON.stringify({ ...whole, uuid_ref: 'x' }), /not a UUID/],
    [JSON.stringify({ ...whole, uuid_ref: undefined }), /lacks uuid_ref/]
  ] as const) {
    const [one, other] = [parseMessage(text, usual), parseMessage(Buffer.from(text), usual)]
    t.match(one, { problem, row: { uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/ } })
    t.same(one, other)
  }
})
