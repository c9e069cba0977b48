import { globSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { lrsBackends } from '../../src/backends/registry.ts'
import { exitCode } from '../../src/cli/exit-code.ts'
import { errorCodes } from '../../src/errors.ts'
import { errorStatus } from '../../src/http/error-status.ts'
import type { SettingsGroup } from '../../src/settings/define.ts'
import * as groups from '../../src/settings/groups.ts'

const codes = Object.keys(errorCodes).sort()
const source = (pattern: string): string =>
  globSync(pattern)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')

t.test('every error code has an HTTP status, and nothing else has', async (t) => {
  t.same(Object.keys(errorStatus).sort(), codes)
  for (const [code, status] of Object.entries(errorStatus)) t.ok(status >= 400 && status < 600, code)
})

t.test('every error code has an exit code that is not success', async (t) => {
  t.same(Object.keys(exitCode).sort(), codes)
  for (const [code, exit] of Object.entries(exitCode)) t.ok(exit > 0 && exit < 126, code)
})

t.test('every error code is thrown somewhere', async (t) => {
  const all = source('src/**/*.ts').replace(source('src/{errors,http/error-status,cli/exit-code}.ts'), '')
  const thrown = new Set(all.match(/'[A-Z]+(_[A-Z]+)*'/g))
  t.same(
    codes.filter((code) => !thrown.has(`'${code}'`)),
    []
  )
})

for (const { name, summary } of lrsBackends) {
  t.test(`the backend ${name} has a summary, and tests that hold it to every contract`, async (t) => {
    t.ok(summary.length > 0)
    const files = readdirSync('test/backends').filter(
      (file) => file === `${name}.test.ts` || file.startsWith(`${name}-`)
    )
    const tests = files.map((file) => readFileSync(`test/backends/${file}`, 'utf8')).join('\n')
    for (const kind of ['statementStore', 'documentStore', 'attachmentStore', 'storeCopy', 'property']) {
      t.ok(tests.includes(`${kind}Contract(t`), kind)
    }
  })
}

t.test('every setting says what it is for and what it expects, in a sentence, under a name of its own', async (t) => {
  const ofBackends = lrsBackends.map(({ settings }) => settings)
  const ofRalph = Object.values(groups).filter((group): group is (typeof groups)['lrsGroup'] => !Array.isArray(group))
  const all = [...ofRalph, ...ofBackends].flatMap((group: SettingsGroup) => Object.values(group))
  t.ok(all.length > 20)
  for (const { variable, description, kind } of all) {
    // Options of a client have the names that Ralph has of them.
    t.match(variable, /^RALPH_[A-Z]+(_{1,2}[A-Z]+)*(__[a-z]+(_[a-z]+)*)?$/)
    t.match(description, /^\p{L}.+\.$/su, variable)
    t.ok(kind.expected.length > 0, variable)
  }
  const variables = all.map(({ variable }) => variable)
  t.equal(new Set(variables).size, variables.length)
})
