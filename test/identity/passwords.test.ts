import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { verify as bcryptVerify, hash } from '@node-rs/bcrypt'
import t, { type Test } from 'tap'
import { openPasswords, type PasswordOptions } from '../../src/identity/passwords.ts'
import type { IdentitySettings } from '../../src/settings/settings.ts'
import { aLog, aUser, identitySettings, type UserEntry, writeUsers } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret', { scopes: ['statements/read'], target: 'course' })
const joe = await aUser('joe', 'other')

interface Setup {
  readonly users?: readonly UserEntry[]
  readonly settings?: Partial<IdentitySettings>
  readonly options?: PasswordOptions
}

/** The passwords of a file, with the hashes that bcrypt was asked about. */
const open = async (t: Test, { users = [jane, joe], settings = {}, options = {} }: Setup = {}) => {
  const file = join(t.testdir(), 'auth.json')
  await writeUsers(file, users)
  const log = aLog()
  const asked: string[] = []
  const passwords = await openPasswords(identitySettings(file, settings), log, {
    compare: (password, hash) => {
      asked.push(hash)
      return bcryptVerify(password, hash)
    },
    ...options
  })
  t.teardown(() => passwords.close())
  return { file, log, asked, passwords, verify: passwords.verify }
}

/** Waits until something holds; the file is looked at once a second. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const end = performance.now() + 20_000; !(await holds()); await wait(20)) {
    if (performance.now() > end) throw new Error('it never held')
  }
}

t.test('right credentials are the user, without the hash', async (t) => {
  const { verify } = await open(t)
  t.strictSame(await verify('jane', 'supersecret'), {
    username: 'jane',
    scopes: ['statements/read'],
    agent: { objectType: 'Agent', mbox: 'mailto:jane@example.org' },
    target: 'course'
  })
})

t.test('a wrong password, another user’s password, an unknown user and an empty password are nobody', async (t) => {
  const { verify } = await open(t)
  for (const [username, password] of [
    ['jane', 'wrong'],
    ['jane', 'other'],
    ['jane', ''],
    ['jane', 'Supersecret'],
    ['Jane', 'supersecret'],
    ['nobody', 'supersecret'],
    ['', ''],
    ['__proto__', 'supersecret'],
    ['constructor', '']
  ] as const) {
    t.equal(await verify(username, password), undefined, `${username}:${password}`)
  }
})

t.test('names and passwords of any script are told apart exactly', async (t) => {
  const composed = 'p\u00e4ssw\u00f6rt'
  const { verify } = await open(t, { users: [await aUser('jané', composed), await aUser('名前', '🔑')] })
  t.ok(await verify('jané', composed))
  t.ok(await verify('名前', '🔑'))
  t.notOk(await verify('jané', composed.normalize('NFD')))
  t.notOk(await verify('名前', '🔒'))
})

t.test('every prefix that bcrypt hashes have is verified', async (t) => {
  for (const prefix of ['$2a$', '$2b$', '$2y$']) {
    const { verify } = await open(t, { users: [{ ...jane, hash: jane.hash.replace('$2b$', prefix) }] })
    t.ok(await verify('jane', 'supersecret'), prefix)
    t.notOk(await verify('jane', 'wrong'), prefix)
  }
})

t.test('of a password, bcrypt looks at 72 bytes and no more, as with Ralph', async (t) => {
  const long = 'x'.repeat(72)
  const { verify } = await open(t, { users: [await aUser('jane', long)] })
  t.ok(await verify('jane', long))
  t.ok(await verify('jane', `${long}and more`))
  t.notOk(await verify('jane', long.slice(1)))
})

t.test('bcrypt is asked once for credentials that are cached', async (t) => {
  const { verify, asked } = await open(t)
  for (let time = 0; time < 20; time++) t.ok(await verify('jane', 'supersecret'))
  t.equal(asked.length, 1)
})

t.test('bcrypt is asked once for the same credentials at the same time', async (t) => {
  const { verify, asked } = await open(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => verify('jane', 'supersecret')))
  t.ok(answers.every((principal) => principal?.username === 'jane'))
  t.equal(asked.length, 1)
})

t.test('the same wrong credentials again cost no bcrypt for a while', async (t) => {
  const { verify, asked } = await open(t)
  for (let time = 0; time < 5; time++) {
    t.notOk(await verify('jane', 'wrong'))
    t.notOk(await verify('nobody', 'wrong'))
  }
  t.equal(asked.length, 2)
})

t.test('a cache of no size, or of no time, keeps nothing', async (t) => {
  for (const settings of [{ cacheMaxSize: 0 }, { cacheTtl: 0 }]) {
    const { verify, asked } = await open(t, { settings })
    t.ok(await verify('jane', 'supersecret'))
    t.ok(await verify('jane', 'supersecret'))
    t.equal(asked.length, 2)
  }
})

t.test('a cache holds as many credentials as it may', async (t) => {
  const { verify, asked } = await open(t, { settings: { cacheMaxSize: 1 } })
  for (const _ of [1, 2]) {
    t.ok(await verify('jane', 'supersecret'))
    t.ok(await verify('joe', 'other'))
  }
  t.equal(asked.length, 4)
})

t.test('credentials are verified again when their time is over', async (t) => {
  const { verify, asked } = await open(t, { settings: { cacheTtl: 1 } })
  t.ok(await verify('jane', 'supersecret'))
  await until(async () => Boolean(await verify('jane', 'supersecret')) && asked.length === 2)
})

t.test('an unknown user costs one bcrypt, like a wrong password, of a cost that users have', async (t) => {
  const strong = await aUser('strong', 'x', { hash: await hash('x', 5) })
  const { verify, asked } = await open(t, { users: [jane, strong] })
  t.notOk(await verify('jane', 'wrong'))
  t.equal(asked.length, 1)
  for (let number = 0; number < 40; number++) t.notOk(await verify(`nobody-${number}`, 'wrong'))
  t.equal(asked.length, 41)
  const costs = asked.slice(1).map((each) => each.slice(0, 7))
  t.strictSame([...new Set(costs)].sort(), ['$2b$04$', '$2b$05$'], 'both costs occur among those who do not exist')
  for (let number = 0; number < 40; number++) t.notOk(await verify(`nobody-${number}`, 'wrong again'))
  t.strictSame(
    asked.slice(41).map((each) => each.slice(0, 7)),
    costs,
    'and each of them always has the same'
  )
})

t.test('an unknown user takes as long as a wrong password', async (t) => {
  const { verify } = await open(t, { users: [{ ...jane, hash: await hash('x', 9) }] })
  const millis = async (username: string, password: string): Promise<number> => {
    const began = performance.now()
    await verify(username, password)
    return performance.now() - began
  }
  // By turns, and the least of each: what else the machine does only adds.
  let [known, unknown] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let time = 0; time < 9; time++) {
    known = Math.min(known, await millis('jane', `wrong ${time}`))
    unknown = Math.min(unknown, await millis('nobody', `wrong ${time}`))
  }
  t.ok(unknown > known / 3 && unknown < known * 3, { known, unknown })
})

t.test(
  'a flood of wrong credentials is refused beyond a limit, and harms nobody whose credentials are cached',
  async (t) => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    let held = false
    const { verify } = await open(t, {
      options: {
        queue: { atOnce: 1, waiting: 3 },
        compare: (password, hash) => (held ? promise : bcryptVerify(password, hash))
      }
    })
    t.ok(await verify('jane', 'supersecret'))
    held = true
    const flood = Array.from({ length: 50 }, (_, number) =>
      verify(`nobody-${number}`, 'x').then(
        () => 'refused',
        (error: unknown) => error
      )
    )
    t.ok(await verify('jane', 'supersecret'), 'while the flood waits')
    resolve(false)
    const answers = await Promise.all(flood)
    t.equal(answers.filter((answer) => answer === 'refused').length, 4)
    const overloaded = answers.filter((answer) => answer !== 'refused')
    t.equal(overloaded.length, 46)
    for (const error of overloaded) t.match(error, { code: 'OVERLOADED', details: { retryAfter: 1 } })
    t.notOk(await verify('nobody', 'x'), 'and afterwards all is as before')
  }
)

t.test('a flood of wrong credentials does not push out right ones', async (t) => {
  const { verify, asked } = await open(t, { settings: { cacheMaxSize: 2 } })
  t.ok(await verify('jane', 'supersecret'))
  for (let number = 0; number < 20; number++) await verify('jane', `wrong ${number}`)
  t.ok(await verify('jane', 'supersecret'))
  t.equal(asked.length, 21)
})

t.test('bcrypt does not run on the event loop', async (t) => {
  const { verify } = await open(t, { users: [{ ...jane, hash: await hash('supersecret', 11) }] })
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  await verify('jane', 'supersecret')
  clearInterval(counting)
  t.ok(turns >= 3, { turns })
})

t.test('users that are added, changed and removed in the file count without a restart', async (t) => {
  const { file, log, verify } = await open(t, { users: [jane] })
  t.ok(await verify('jane', 'supersecret'))
  t.notOk(await verify('joe', 'other'))
  // Written as a whole, as `ralph auth` and most editors do.
  await writeUsers(`${file}.new`, [{ ...jane, scopes: ['all'], hash: await hash('changed', 4) }, joe])
  await rename(`${file}.new`, file)
  await until(async () => (await verify('joe', 'other')) !== undefined)
  t.notOk(await verify('jane', 'supersecret'), 'the old password, though it was cached')
  t.match(await verify('jane', 'changed'), { scopes: ['all'] })
  t.match(log.lines.at(-1), /info .*was read again: 2 users/)
  await writeUsers(file, [joe])
  await until(async () => (await verify('jane', 'changed')) === undefined)
  t.ok(await verify('joe', 'other'))
})

t.test('a change of scopes counts for cached credentials, too, without another bcrypt', async (t) => {
  const { file, verify, asked } = await open(t, { users: [jane] })
  t.ok(await verify('jane', 'supersecret'))
  await writeUsers(file, [{ ...jane, scopes: ['all/read'] }])
  await until(async () => (await verify('jane', 'supersecret'))?.scopes[0] === 'all/read')
  t.equal(asked.length, 1)
})

t.test('after a long pause the first request already sees the file as it is', async (t) => {
  const { file, verify } = await open(t, { users: [jane] })
  t.ok(await verify('jane', 'supersecret'))
  await writeUsers(file, [joe])
  await wait(1100)
  t.notOk(await verify('jane', 'supersecret'))
})

t.test('while the file is broken or missing, the users from before stay, and the log says why once', async (t) => {
  const { file, log, verify } = await open(t, { users: [jane] })
  const errors = (): readonly string[] => log.lines.filter((line) => line.startsWith('error'))
  await writeFile(file, '[{"username":')
  await until(async () => Boolean(await verify('jane', 'supersecret')) && errors().length === 1)
  t.match(errors()[0], /auth\.json is not valid: it is not valid JSON.* The earlier users stay valid\./)
  await rm(file)
  await until(async () => Boolean(await verify('jane', 'supersecret')) && errors().length === 2)
  t.match(errors()[1], /There is no auth file/)
  await writeUsers(file, [joe])
  await until(async () => (await verify('joe', 'other')) !== undefined)
  t.notOk(await verify('jane', 'supersecret'))
  t.equal(errors().length, 2)
})

t.test('a missing file is refused at start, with how to make one', async (t) => {
  const file = join(t.testdir(), 'no where', 'auth.json')
  await t.rejects(openPasswords(identitySettings(file), aLog()), {
    code: 'INVALID_AUTH_FILE',
    message: /There is no auth file .*ralph auth --auth-file ".*no where.auth\.json" .*--write-to-disk/
  })
})

t.test('a malformed file is refused at start', async (t) => {
  const dir = t.testdir({ 'auth.json': '[{}]' })
  await t.rejects(openPasswords(identitySettings(join(dir, 'auth.json')), aLog()), { code: 'INVALID_AUTH_FILE' })
})

t.test('a file without users lets nobody in, and the log says so', async (t) => {
  const { log, verify } = await open(t, { users: [] })
  t.match(log.lines, [/warn .*has no users/])
  t.notOk(await verify('jane', 'supersecret'))
})

t.test('nothing that the log is told has a password or a hash in it', async (t) => {
  const { file, log, verify } = await open(t)
  await verify('jane', 'supersecret')
  await verify('jane', 'hunter2')
  await writeFile(file, JSON.stringify([{ ...jane, hash: `${jane.hash}x` }]))
  await until(async () => Boolean(await verify('jane', 'supersecret')) && log.lines.length > 0)
  t.notMatch(log.lines.join('\n'), /supersecret|hunter2|\$2b\$04/)
})

/** Comparisons that are held until they are let go, one by one; a password is right if it says so. */
const heldComparisons = () => {
  const held: (() => void)[] = []
  return {
    compare: (password: string) =>
      new Promise<boolean>((resolve) => {
        held.push(() => resolve(password === 'right'))
      }),
    release: async () => {
      held.shift()?.()
      await wait(1)
    },
    letAllGo: async () => {
      for (let idle = 0; idle < 20; idle++) {
        if (held.length > 0) idle = 0
        held.shift()?.()
        await wait(1)
      }
    }
  }
}

t.test(
  'field F11: in a flood of names that nobody has, from the same source, a right login is the next but one',
  async (t) => {
    const { compare, release, letAllGo } = heldComparisons()
    const { verify } = await open(t, { options: { compare, queue: { atOnce: 1, waiting: 8 } } })
    const flood = Array.from({ length: 40 }, (_, index) => verify(`no ${index}`, 'x', 'school').catch(() => {}))
    let isIn = false
    const login = verify('jane', 'right', 'school').then((principal) => {
      isIn = principal?.username === 'jane'
    })
    const after = Array.from({ length: 40 }, (_, index) => verify(`later ${index}`, 'x', 'school').catch(() => {}))
    let comparisons = 0
    for (; !isIn && comparisons < 100; comparisons++) await release()
    t.ok(comparisons <= 3, `${comparisons} comparisons, of 80 that were asked for`)
    await letAllGo()
    await Promise.all([login, ...flood, ...after])
  }
)

t.test(
  'field F11: a flood does not tell who exists: a wrong password of a user is answered as an invented name',
  async (t) => {
    const { compare, release, letAllGo } = heldComparisons()
    const { verify } = await open(t, { options: { compare, queue: { atOnce: 1, waiting: 4 } } })
    let isOver = false
    let names = 0
    const attack = async (): Promise<void> => {
      while (!isOver) await verify(`no ${names++}`, 'x', 'school').catch(() => {})
    }
    // Whoever is refused comes back at once: the line is always full.
    const attacks = Array.from({ length: 20 }, attack)
    const answers = ['jane', 'nobody'].map((username) =>
      verify(username, 'wrong', 'school').then(
        (principal) => principal,
        ({ code }: { code: string }) => code
      )
    )
    let answered = false
    const all = Promise.all(answers).finally(() => {
      answered = true
    })
    while (!answered) await release()
    t.strictSame(await all, ['OVERLOADED', 'OVERLOADED'])
    isOver = true
    await letAllGo()
    await Promise.all(attacks)
  }
)
