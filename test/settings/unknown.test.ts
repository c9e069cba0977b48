import t from 'tap'
import { generalGroup, identityGroup, lrsGroup, serverGroup } from '../../src/settings/groups.ts'
import { variablesOf } from '../../src/settings/load.ts'
import { findUnknown, nearest, type UnknownSettings } from '../../src/settings/unknown.ts'
import { sourcesOf } from '../support/settings-of.ts'

const known = [
  ...variablesOf([generalGroup, serverGroup, lrsGroup, identityGroup]),
  'RALPH_BACKENDS__LRS__FS__DEFAULT_LRS_FILE'
]

const unknownIn = (...names: readonly string[]): UnknownSettings =>
  findUnknown(sourcesOf({ environment: Object.fromEntries(names.map((name) => [name, 'x'])) }).ordered, known)

t.test('an unknown name is warned of, with the name that was most likely meant', async (t) => {
  for (const [name, meant] of [
    ['RALPH_LRS_RESTRICT_BY_SCOPE', 'RALPH_LRS_RESTRICT_BY_SCOPES'],
    ['RALPH_RUNSERVER_PROT', 'RALPH_RUNSERVER_PORT'],
    ['RALPH_RUNSERVER__PORT', 'RALPH_RUNSERVER_PORT'],
    ['RALPH_BACKENDS__LRS__FS__DEFAULT_FILE', 'RALPH_BACKENDS__LRS__FS__DEFAULT_LRS_FILE']
  ] as const) {
    const { warnings } = unknownIn(name)
    t.equal(warnings.length, 1)
    t.match(warnings[0], `${name} is not a setting`)
    t.match(warnings[0], `did you mean ${meant}?`)
  }
})

t.test('known names are not warned of', async (t) => {
  t.strictSame(unknownIn(...known), { warnings: [], passedOver: [] })
})

t.test('settings that only Ralph 5 has share one warning', async (t) => {
  const { warnings } = unknownIn('RALPH_SENTRY_DSN', 'RALPH_PARSERS')
  t.strictSame(warnings, ['RALPH_PARSERS, RALPH_SENTRY_DSN: known from Python Ralph 5, but not used by this version'])
})

t.test(
  'settings of backends that a package may bring, and what Kubernetes sets beside a service named ralph, are passed over',
  async (t) => {
    const names = [
      // A package may bring it.
      'RALPH_BACKENDS__DATA__ORACLE__HOSTS',
      'RALPH_BACKENDS__LRS__FS__READ_CHUNK_SIZE',
      'RALPH_PORT',
      'RALPH_PORT_8100_TCP',
      'RALPH_PORT_8100_TCP_ADDR',
      'RALPH_SERVICE_HOST',
      'RALPH_SERVICE_PORT_HTTP'
    ]
    t.strictSame(unknownIn(...names), { warnings: [], passedOver: names })
  }
)

t.test('the nearest name is the one with the fewest changes', async (t) => {
  t.equal(nearest('kitten', ['sitting', 'mitten', 'kit']), 'mitten')
  t.equal(nearest('x', []), undefined)
})
