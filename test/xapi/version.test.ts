import t from 'tap'
import { negotiateVersion, supportedVersions, versionOfStatements } from '../../src/xapi/version.ts'

t.test('Communication §3.3: any patch of a line is served by the latest, and so is a line without patch', async (t) => {
  for (const header of ['1.0', '1.0.0', '1.0.1', '1.0.2', '1.0.3', '1.0.9', '1.0.10']) {
    t.equal(negotiateVersion(header), '1.0.3', header)
  }
  for (const header of ['2.0', '2.0.0', '2.0.1']) t.equal(negotiateVersion(header), '2.0.0', header)
})

t.test('Communication §3.3: any other version is refused, with those that are not', async (t) => {
  for (const header of [
    '',
    '1',
    '0.9',
    '0.95',
    '1.1',
    '1.1.0',
    '2',
    '2.1.0',
    '3.0.0',
    '1.0.',
    '1.0.x',
    '1.0.3 ',
    'v1.0.3',
    '1.0.3, 2.0.0'
  ]) {
    t.throws(
      () => negotiateVersion(header),
      { code: 'INVALID_VERSION', details: { supported: supportedVersions } },
      header
    )
  }
})

t.test('ruling 27: a missing `version` becomes 1.0.0 or 2.0.0 by the version of the request', async (t) => {
  t.same(versionOfStatements, { '1.0.3': '1.0.0', '2.0.0': '2.0.0' })
})
