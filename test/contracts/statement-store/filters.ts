import type { Test } from 'tap'
import { contextActivityKinds, type Statement } from '../../../src/xapi/statement.ts'
import { byName, judged } from '../../support/judged-store.ts'
import type { Question } from '../../support/oracle.ts'
import {
  anActivity,
  anId,
  anonymousGroup,
  aStatement,
  aSubStatement,
  aVerb,
  everyKindOfAgent,
  identifiedGroup,
  withAccount,
  withMbox,
  withOpenid,
  withSha1
} from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const ann = withMbox('ann')
const wanted = anActivity('wanted')

export const filterContract = (t: Test, suite: Suite): void => {
  t.test('agent matches the Actor and the Object, by each kind of identifier (Communication §2.1.3)', async (t) => {
    for (const [kind, agent] of Object.entries(everyKindOfAgent('ann'))) {
      const { finds } = await byName(t, await suite.fresh(), {
        actor: aStatement({ actor: agent }),
        named: aStatement({ actor: { objectType: 'Agent', name: 'Ann', ...agent } }),
        object: aStatement({ object: { objectType: 'Agent', ...agent } }),
        group: aStatement({ actor: identifiedGroup(agent) }),
        groupAsObject: aStatement({ object: identifiedGroup(agent, withMbox('ben')) }),
        member: aStatement({ actor: anonymousGroup(withMbox('ben'), agent) }),
        memberOfIdentified: aStatement({ actor: identifiedGroup(withMbox('team'), agent) }),
        memberOfObject: aStatement({ object: anonymousGroup(agent) }),
        somebodyElse: aStatement({ actor: everyKindOfAgent('ben')[kind] ?? ann }),
        authority: aStatement({ authority: { objectType: 'Agent', ...agent } }),
        instructor: aStatement({ context: { instructor: agent } }),
        inSubStatement: aStatement({ object: aSubStatement({ actor: agent }) })
      })
      const direct = [
        ...(['actor', 'named', 'object', 'group', 'groupAsObject', 'member'] as const),
        ...(['memberOfIdentified', 'memberOfObject'] as const)
      ]
      await finds({ agent }, direct, kind)
      await finds({ agent, relatedAgents: false }, direct, `${kind}, related_agents=false`)
    }
  })

  t.test('agents are the same when kind and value of their identifiers are equal, and only then', async (t) => {
    const { finds } = await byName(t, await suite.fresh(), {
      mbox: aStatement({ actor: ann }),
      mboxOtherDomainCase: aStatement({ actor: { mbox: 'mailto:ann@EXAMPLE.org' } }),
      mboxOtherLocalCase: aStatement({ actor: { mbox: 'mailto:Ann@example.org' } }),
      hashOfMbox: aStatement({ actor: withSha1('ann') }),
      account: aStatement({ actor: withAccount('ann') }),
      accountOtherCase: aStatement({ actor: withAccount('Ann') }),
      accountElsewhere: aStatement({ actor: withAccount('ann', 'https://school.example.org/') }),
      accountOfMbox: aStatement({ actor: withAccount('mailto:ann@example.org') }),
      openid: aStatement({ actor: withOpenid('ann') }),
      openidAsAccount: aStatement({ actor: withAccount('', withOpenid('ann').openid) })
    })
    await finds({ agent: ann }, ['mbox', 'mboxOtherDomainCase'])
    await finds({ agent: { mbox: 'mailto:ann@Example.ORG' } }, ['mbox', 'mboxOtherDomainCase'])
    await finds({ agent: withSha1('ann') }, ['hashOfMbox'])
    await finds({ agent: withAccount('ann') }, ['account'])
    await finds({ agent: withAccount('ann', 'https://school.example.org/') }, ['accountElsewhere'])
    await finds({ agent: withOpenid('ann') }, ['openid'])
    await finds({ agent: withMbox('nobody') }, [])
  })

  t.test('related_agents looks at every place of a statement and of its SubStatement', async (t) => {
    const { finds } = await byName(t, await suite.fresh(), {
      actor: aStatement({ actor: ann }),
      object: aStatement({ object: { objectType: 'Agent', ...ann } }),
      member: aStatement({ actor: anonymousGroup(ann) }),
      authority: aStatement({ authority: { objectType: 'Agent', ...ann } }),
      authorityMember: aStatement({ authority: anonymousGroup(withAccount('app'), ann) }),
      instructor: aStatement({ context: { instructor: ann } }),
      instructorMember: aStatement({ context: { instructor: anonymousGroup(ann) } }),
      team: aStatement({ context: { team: identifiedGroup(ann) } }),
      teamMember: aStatement({ context: { team: anonymousGroup(withMbox('ben'), ann) } }),
      contextAgent: aStatement({ context: { contextAgents: [{ objectType: 'contextAgent', agent: ann }] } }),
      contextGroup: aStatement({
        context: { contextGroups: [{ objectType: 'contextGroup', group: identifiedGroup(ann) }] }
      }),
      contextGroupMember: aStatement({
        context: { contextGroups: [{ objectType: 'contextGroup', group: anonymousGroup(ann) }] }
      }),
      subActor: aStatement({ object: aSubStatement({ actor: ann }) }),
      subMember: aStatement({ object: aSubStatement({ actor: anonymousGroup(ann) }) }),
      subObject: aStatement({ object: aSubStatement({ object: { objectType: 'Agent', ...ann } }) }),
      subInstructor: aStatement({ object: aSubStatement({ context: { instructor: ann } }) }),
      subTeam: aStatement({ object: aSubStatement({ context: { team: anonymousGroup(ann) } }) }),
      subContextAgent: aStatement({
        object: aSubStatement({ context: { contextAgents: [{ objectType: 'contextAgent', agent: ann }] } })
      }),
      subContextGroup: aStatement({
        object: aSubStatement({
          context: { contextGroups: [{ objectType: 'contextGroup', group: anonymousGroup(ann) }] }
        })
      }),
      nowhere: aStatement({ context: { extensions: { 'https://x.example.org/': { mbox: 'mailto:ann@example.org' } } } })
    })
    await finds({ agent: ann }, ['actor', 'object', 'member'])
    await finds({ agent: ann, relatedAgents: true }, [
      ...(['actor', 'object', 'member', 'authority', 'authorityMember', 'instructor', 'instructorMember'] as const),
      ...(['team', 'teamMember', 'contextAgent', 'contextGroup', 'contextGroupMember'] as const),
      ...(['subActor', 'subMember', 'subObject', 'subInstructor', 'subTeam'] as const),
      ...(['subContextAgent', 'subContextGroup'] as const)
    ])
  })

  t.test('verb looks at the statement itself, not into its SubStatement', async (t) => {
    const verb = aVerb('wanted')
    const { finds } = await byName(t, await suite.fresh(), {
      itself: aStatement({ verb }),
      displayed: aStatement({ verb: { ...verb, display: { en: 'wanted' } } }),
      inside: aStatement({ object: aSubStatement({ verb }) }),
      otherCase: aStatement({ verb: { id: verb.id.toUpperCase() } }),
      asActivity: aStatement({ object: { id: verb.id } })
    })
    await finds({ verb: verb.id }, ['itself', 'displayed'])
    await finds({ verb: aVerb('unknown').id }, [])
  })

  t.test('activity looks at the Object, related_activities at contextActivities and SubStatement too', async (t) => {
    const one = (kind: string): Statement => aStatement({ context: { contextActivities: { [kind]: [wanted] } } })
    const [parent, grouping, category, other] = contextActivityKinds
    const { finds } = await byName(t, await suite.fresh(), {
      object: aStatement({ object: wanted }),
      untyped: aStatement({ object: { id: wanted.id } }),
      defined: aStatement({ object: anActivity('wanted', { name: { en: 'Wanted' } }) }),
      parent: one(parent),
      grouping: one(grouping),
      category: one(category),
      other: one(other),
      second: aStatement({ context: { contextActivities: { other: [anActivity('first'), wanted] } } }),
      single: aStatement({ context: { contextActivities: { parent: wanted } } }),
      subObject: aStatement({ object: aSubStatement({ object: wanted }) }),
      subParent: aStatement({ object: aSubStatement({ context: { contextActivities: { parent: [wanted] } } }) }),
      subOther: aStatement({ object: aSubStatement({ context: { contextActivities: { other: wanted } } }) }),
      asVerb: aStatement({ verb: { id: wanted.id } }),
      otherCase: aStatement({ object: { id: wanted.id.toUpperCase() } })
    })
    const direct = ['object', 'untyped', 'defined'] as const
    await finds({ activity: wanted.id }, direct)
    await finds({ activity: wanted.id, relatedActivities: false }, direct)
    await finds({ activity: wanted.id, relatedActivities: true }, [
      ...direct,
      ...([
        'parent',
        'grouping',
        'category',
        'other',
        'second',
        'single',
        'subObject',
        'subParent',
        'subOther'
      ] as const)
    ])
  })

  t.test('registration compares without case', async (t) => {
    const registration = anId()
    const { finds } = await byName(t, await suite.fresh(), {
      lower: aStatement({ context: { registration } }),
      upper: aStatement({ context: { registration: registration.toUpperCase() } }),
      other: aStatement({ context: { registration: anId() } }),
      none: aStatement()
    })
    await finds({ registration }, ['lower', 'upper'])
    await finds({ registration: registration.toUpperCase() }, ['lower', 'upper'])
  })

  t.test('authority matches the Authority and nothing else', async (t) => {
    const { finds } = await byName(t, await suite.fresh(), {
      authority: aStatement({ authority: { objectType: 'Agent', ...ann } }),
      named: aStatement({ authority: { objectType: 'Agent', name: 'Ann', ...ann } }),
      actor: aStatement({ actor: ann }),
      other: aStatement({ authority: { objectType: 'Agent', ...withMbox('ben') } })
    })
    await finds({ authority: ann }, ['authority', 'named'])
    await finds({ authority: withMbox('nobody') }, [])
  })

  t.test('since is exclusive and until inclusive, on stored to the microsecond', async (t) => {
    const statements = { one: aStatement(), two: aStatement(), three: aStatement() }
    const { finds, storedAt } = await byName(t, await suite.fresh(), statements, 'together')
    const at = await storedAt(statements.two)
    await finds({ since: at }, ['three'])
    await finds({ since: at - 1 }, ['two', 'three'])
    await finds({ until: at }, ['one', 'two'])
    await finds({ until: at - 1 }, ['one'])
    await finds({ since: at - 1, until: at }, ['two'])
    await finds({ since: at, until: at }, [])
    await finds({ since: at, until: at - 1 }, [])
  })

  t.test('since after the last match, and until before the first, find nothing', async (t) => {
    const statements = { before: aStatement(), match: aStatement({ object: wanted }), after: aStatement() }
    const { finds, storedAt } = await byName(t, await suite.fresh(), statements)
    const at = await storedAt(statements.match)
    await finds({ activity: wanted.id, since: at }, [])
    await finds({ activity: wanted.id, until: at - 1 }, [])
  })

  t.test('since and until go by stored, not by timestamp', async (t) => {
    const store = await suite.fresh()
    const start = suite.clock.now()
    const statements = {
      past: aStatement({ timestamp: '1999-01-01T00:00:00Z' }),
      future: aStatement({ timestamp: '2999-01-01T00:00:00Z' })
    }
    const { finds } = await byName(t, store, statements)
    await finds({ since: start - 1 }, ['past', 'future'])
    await finds({ until: start - 1 }, [])
  })

  t.test('every filter alone and every pair of filters answers as the oracle', async (t) => {
    const registration = anId()
    const verb = aVerb('wanted')
    const places: readonly Partial<Statement>[] = [
      {},
      { actor: ann },
      { verb },
      { object: wanted },
      { context: { registration } },
      { authority: { objectType: 'Agent', ...ann } },
      { context: { instructor: ann, registration } },
      { context: { contextActivities: { category: [wanted] } } },
      { object: aSubStatement({ actor: ann, object: wanted, verb }) }
    ]
    const statements = places.flatMap((one, index) =>
      places.slice(index).map((other) => aStatement({ ...one, ...other }))
    )
    const subject = judged(await suite.fresh())
    await subject.insert(...statements)
    const middle = await subject.storedAt(statements[20] ?? aStatement())
    const filters: readonly Question[] = [
      { agent: ann },
      { agent: ann, relatedAgents: true },
      { verb: verb.id },
      { activity: wanted.id },
      { activity: wanted.id, relatedActivities: true },
      { registration },
      { authority: ann },
      { since: middle },
      { until: middle },
      { ascending: true },
      { limit: 3 },
      { relatedAgents: true },
      { relatedActivities: true }
    ]
    let found = 0
    for (const [index, one] of filters.entries()) {
      for (const other of filters.slice(index)) found += (await subject.ask({ ...one, ...other })).length
    }
    t.ok(found > 500, 'the filters select something')
  })

  t.test('all filters together must hold', async (t) => {
    const registration = anId()
    const authority = { objectType: 'Agent', ...withMbox('authority') } as const
    const all = { actor: ann, verb: aVerb('wanted'), object: wanted, context: { registration }, authority }
    const statements = {
      all: aStatement(all),
      notAgent: aStatement({ ...all, actor: withMbox('ben') }),
      notVerb: aStatement({ ...all, verb: aVerb('other') }),
      notActivity: aStatement({ ...all, object: anActivity('other') }),
      notRegistration: aStatement({ ...all, context: {} }),
      notAuthority: aStatement({ ...all, authority: withMbox('other') }),
      again: aStatement(all)
    }
    const { finds, storedAt } = await byName(t, await suite.fresh(), statements)
    const question = { agent: ann, verb: all.verb.id, activity: wanted.id, registration, authority }
    await finds(question, ['all', 'again'])
    await finds({ ...question, since: await storedAt(statements.all) }, ['again'])
  })

  t.test('values that are special to some engines are only values', async (t) => {
    const odd = ['a"b', "a'b", 'a%b_c', 'a*b?', 'a\\b', 'a\nb', 'a b', '$a.b', 'ä€𐍈', 'a:b|c', ''].map((text) =>
      withAccount(text, `https://odd.example.org/${encodeURIComponent(text)}`)
    )
    const subject = judged(await suite.fresh())
    await subject.insert(...odd.map((actor) => aStatement({ actor })))
    for (const agent of odd) t.equal((await subject.ask({ agent })).length, 1, JSON.stringify(agent))
  })

  t.test('very long values are told apart to their end', async (t) => {
    const long = `https://long.example.org/${'a'.repeat(9000)}`
    const { finds } = await byName(t, await suite.fresh(), {
      one: aStatement({ object: { id: `${long}1` }, actor: withAccount('ann', `${long}1`) }),
      two: aStatement({ object: { id: `${long}2` }, actor: withAccount('ann', `${long}2`) })
    })
    await finds({ activity: `${long}1` }, ['one'], 'activity ending in 1')
    await finds({ activity: `${long}2`, relatedActivities: true }, ['two'], 'activity ending in 2')
    await finds({ agent: withAccount('ann', `${long}2`) }, ['two'], 'account ending in 2')
  })
}
