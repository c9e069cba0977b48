import t from 'tap'
import { loadForwardings } from '../../src/settings/forwardings.ts'
import { forwardingsOf } from '../support/forwarding.ts'
import { sourcesOf } from '../support/settings-of.ts'

/** As the documentation of Python Ralph has it. */
const ofPython = {
  url: 'http://lrs1.example.com/xAPI/statements/',
  is_active: true,
  basic_username: 'admin1@example.com',
  basic_password: 'PASSWORD1',
  max_retries: 1,
  timeout: 5
}

t.test('the format of Python Ralph is read as it is', async (t) => {
  const [first] = forwardingsOf([ofPython])
  t.match(first, {
    name: 'lrs1.example.com-xAPI-statements',
    place: 'http://lrs1.example.com/xAPI/statements/',
    isActive: true,
    login: { username: 'admin1@example.com', password: 'PASSWORD1' },
    maxRetries: 1,
    timeout: 5000,
    batchSize: 100,
    begin: 'now',
    targets: [undefined],
    conditions: []
  })
  t.equal(first?.url.href, 'http://lrs1.example.com/xAPI/statements/')
  t.strictSame(loadForwardings(sourcesOf({})), [], 'nothing is forwarded without it')
})

t.test('numbers and truths may be texts, as Python Ralph takes them', async (t) => {
  t.match(forwardingsOf([{ ...ofPython, is_active: 'false', max_retries: '3', timeout: '0.5' }]), [
    { isActive: false, maxRetries: 3, timeout: 500 }
  ])
})

t.test('a filter names what a statement must have', async (t) => {
  const filter = {
    verb: ['http://example.org/v1', 'http://example.org/v2'],
    activity: 'http://example.org/a',
    related_activities: true,
    agent: { account: { homePage: 'http://example.org', name: 'x' } },
    target: ['', 'other']
  }
  const [first] = forwardingsOf([{ ...ofPython, filter }])
  t.strictSame(first?.conditions, [
    ['aaccount:http://example.org\nx'],
    ['Chttp://example.org/a'],
    ['vhttp://example.org/v1', 'vhttp://example.org/v2']
  ])
  t.strictSame(first?.targets, [undefined, 'other'])
})

const problemOf = (value: unknown): string => {
  try {
    forwardingsOf(value)
    return ''
  } catch (error) {
    return String(error)
  }
}

t.test('everything that is wrong is said at once, and no secret', async (t) => {
  const problem = problemOf([
    ofPython,
    { url: 'ftp://x', basic_username: 'a', timeout: 0, max_retries: -1, batch_size: 0, basic_pasword: 'SECRET-A' },
    { url: 'http://user:SECRET-B@lrs.example.org/', is_active: 'perhaps', begin: 'later', filter: { verbs: 'x' } },
    { ...ofPython, headers: { Authorization: 'Bearer SECRET-C', 'Content-Length': '1', 'X-A': 'a\nb' }, name: '-a' },
    'SECRET-D'
  ])
  for (const expected of [
    'number 2: url must be an http:// or https:// URL of statements without credentials',
    'number 2: timeout must be a number from 0.1 to 3600',
    'number 2: max_retries must be a whole number from 0 to 100',
    'number 2: batch_size must be a whole number from 1 to 10000',
    'number 2: "basic_pasword" is unknown; did you mean "basic_password"?',
    'number 2: basic_username must be set together with basic_password',
    'number 3: url must be',
    'number 3: is_active must be true or false',
    'number 3: begin must be "first" or "now"',
    'number 3: filter: "verbs" is unknown; did you mean "verb"?',
    'number 4: headers must be without "Content-Length"',
    'number 4: headers.X-A must be text of Latin letters',
    'number 4: headers must be without Authorization where basic_username is set',
    'number 4: name must be up to 100 English letters',
    'number 5: it must be an object'
  ]) {
    t.ok(problem.includes(expected), expected)
  }
  t.notMatch(problem, /SECRET|PASSWORD1/)
})

t.test('two forwardings with one name would share a position', async (t) => {
  t.match(
    problemOf([ofPython, { ...ofPython, basic_username: 'other' }]),
    /two forwardings have the name lrs1\.example\.com/
  )
  t.equal(problemOf([ofPython, { ...ofPython, name: 'second' }]), '')
  t.match(problemOf({ url: 'x' }), /must be a JSON list of objects/)
})
