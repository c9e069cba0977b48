import { readFileSync } from 'node:fs'
import t from 'tap'
import { messagesFile, messagesText } from './generate.ts'

t.test('src/protocol/messages.ts is what `npm run proto` makes of proto/', async (t) => {
  t.equal(readFileSync(messagesFile, 'utf8'), await messagesText())
})
