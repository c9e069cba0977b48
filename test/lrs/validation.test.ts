import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, aSubStatement, aVerb, withMbox } from '../support/statements.ts'

const statement = sent()
const definition = (value: object) => ({ ...sent(), object: { id: 'https://course.example.org/1', definition: value } })
const score = (value: object) => ({ ...sent(), result: { score: value } })
const display = (tag: string) => ({ ...sent(), verb: { ...aVerb('read'), display: { [tag]: 'x' } } })
const duration = (value: string) => ({ ...sent(), result: { duration: value } })
const extension = (key: string) => ({ ...sent(), context: { extensions: { [key]: 1 } } })
const choices = [{ id: 'a', description: { en: 'A' } }, { id: 'b' }]

const accepted: Readonly<Record<string, object>> = {
  'a language with a region': display('en-GB'),
  'a language with script, region and variant': display('sl-Latn-IT-nedis'),
  'a language with an extension': display('de-DE-u-co-phonebk'),
  'a private language': display('x-klingon'),
  'a language of three letters': display('cmn-Hans-CN'),
  'a duration in weeks': duration('P1W'),
  'a duration of everything': duration('P1Y2M3DT4H5M6.78S'),
  'a duration of nothing': duration('PT0S'),
  'a scaled score at its edge': score({ scaled: -1 }),
  'a score at both edges': score({ min: 0, raw: 10, max: 10 }),
  'a raw score alone': score({ raw: -1000.5 }),
  'an extension of any scheme': extension('tag:example.org,2026:x'),
  'an extension with letters of any script': extension('https://example.org/größe'),
  'components with their interaction': definition({
    interactionType: 'choice',
    choices,
    correctResponsesPattern: ['a[,]b']
  }),
  'a SubStatement with context and result': { ...sent(), object: aSubStatement({ result: { success: true } }) },
  'an empty score': score({}),
  'an interaction without components': definition({ interactionType: 'choice' })
}

const refused: Readonly<Record<string, object>> = {
  'a language of one letter': display('a'),
  'a sub-tag of nine letters': display('en-abcdefghi'),
  'a language with an underscore': display('en_GB'),
  'an empty language': display(''),
  'a language that ends in a dash': display('en-'),
  'a wrong context language': { ...sent(), context: { language: 'english language' } },
  'weeks with days': duration('P1W1D'),
  'a duration without anything': duration('P'),
  'a duration that ends in T': duration('P1DT'),
  'a negative duration': duration('-PT1S'),
  'a duration out of order': duration('PT1S1H'),
  'a duration with a fraction in the middle': duration('PT1.5H1S'),
  'scaled above 1': score({ scaled: 1.0001 }),
  'scaled below -1': score({ scaled: -1.5 }),
  'min equal to max': score({ min: 1, max: 1 }),
  'min above max': score({ min: 2, max: 1 }),
  'raw below min': score({ raw: -1, min: 0 }),
  'raw above max': score({ raw: 11, max: 10 }),
  'a score as a text': score({ raw: '1' }),
  'an extension without a scheme': extension('key'),
  'an empty extension key': extension(''),
  'an extension with a space': extension('https://example.org/a b'),
  'components without an interaction': definition({ choices }),
  'components of another interaction': definition({ interactionType: 'likert', choices }),
  'the same component twice': definition({ interactionType: 'choice', choices: [{ id: 'a' }, { id: 'a' }] }),
  'a component without an id': definition({ interactionType: 'choice', choices: [{ description: { en: 'A' } }] }),
  'an unknown interaction': definition({ interactionType: 'guess' }),
  'a pattern without an interaction': definition({ correctResponsesPattern: ['a'] }),
  'a SubStatement within one': { ...sent(), object: aSubStatement({ object: aSubStatement() as never }) },
  'an id in a SubStatement': { ...sent(), object: { ...aSubStatement(), id: statement.id } },
  'stored in a SubStatement': { ...sent(), object: { ...aSubStatement(), stored: '2026-01-01T00:00:00Z' } },
  'a version in a SubStatement': { ...sent(), object: { ...aSubStatement(), version: '1.0.0' } },
  'an authority in a SubStatement': { ...sent(), object: { ...aSubStatement(), authority: withMbox('a') } },
  'voiding something else than a statement': { ...sent(), verb: { id: 'http://adlnet.gov/expapi/verbs/voided' } },
  'a revision where the Object is an Agent': {
    ...sent(),
    object: { objectType: 'Agent', ...withMbox('a') },
    context: { revision: '1' }
  },
  'two identifiers': { ...sent(), actor: { ...withMbox('a'), openid: 'https://a.example.org/' } },
  'a Group without members or identifier': { ...sent(), actor: { objectType: 'Group', name: 'Class' } },
  'an Activity without an id': { ...sent(), object: { objectType: 'Activity' } },
  'an Activity of a relative IRI': { ...sent(), object: { ...anActivity('a'), id: '/course' } }
}

for (const version of ['1.0.3', '2.0.0'] as const) {
  t.test(`ruling 26: what the corners of the data model allow, in ${version}`, async (t) => {
    const asker = (await startLrs(t)).fresh(version)
    for (const [what, body] of Object.entries(accepted)) t.equal((await asker.post(body)).status, 200, what)
  })

  t.test(`ruling 26: what they refuse, in ${version}`, async (t) => {
    const asker = (await startLrs(t)).fresh(version)
    for (const [what, body] of Object.entries(refused)) {
      const answer = await asker.post(body)
      t.equal(answer.status, 400, what)
      t.equal(jsonOf(answer).error, 'INVALID_STATEMENT', what)
      t.match(jsonOf(answer).problems[0], { index: 0, pointer: /^\//, rule: /\w/, expected: /\w/ }, what)
    }
    t.same(await asker.list(), [])
  })
}
