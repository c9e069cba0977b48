import t from 'tap'
import { personOf } from '../../src/xapi/person.ts'

const account = { homePage: 'https://school.example.org', name: 'zoe' }
const sha1 = 'ab'.repeat(20)

t.test('Communication §2.4: a Person has arrays, and only what is known', async (t) => {
  t.strictSame(personOf({ mbox: 'mailto:zoe@example.org' }, []), {
    objectType: 'Person',
    mbox: ['mailto:zoe@example.org']
  })
  t.strictSame(personOf({ mbox_sha1sum: sha1 }, ['Zoë']), { objectType: 'Person', name: ['Zoë'], mbox_sha1sum: [sha1] })
  t.strictSame(personOf({ openid: 'https://zoe.example.org' }, []), {
    objectType: 'Person',
    openid: ['https://zoe.example.org']
  })
  t.strictSame(personOf({ objectType: 'Agent', account }, []), { objectType: 'Person', account: [account] })
})

t.test('Communication §2.4: names are those of the statements and that of the question, each once', async (t) => {
  t.strictSame(personOf({ mbox: 'mailto:a@example.org', name: 'Zoe' }, ['Zoë', 'Z', 'Zoë']).name, ['Zoë', 'Z', 'Zoe'])
  t.strictSame(personOf({ mbox: 'mailto:a@example.org', name: 'Z' }, ['Zoë', 'Z']).name, ['Zoë', 'Z'])
})
