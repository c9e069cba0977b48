import type { Command } from 'commander'
import type { LearnerReport } from '../../privacy/find.ts'
import { printable } from '../../telemetry/printable.ts'
import type { Composition } from '../composition.ts'
import { interruptible } from '../interruption.ts'
import type { RefusedByPlace } from '../kept-requests.ts'
import { addStoreOptions, withStoreOfServer } from '../learner-store.ts'

interface JsonFlag {
  readonly json?: boolean
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const linesOf = ({ as, ...report }: LearnerReport, { rejectedRequests, imports }: RefusedByPlace): string[] => [
  `${plural(report.statements, 'statement')} of ${report.searched}`,
  `  as actor ${as.actor}, as object ${as.object}, in a group ${as.member}, as authority ${as.authority}, ` +
    `elsewhere in it ${as.context}, only in a text ${as.text}`,
  `${plural(report.references, 'statement')} of others that refer to them`,
  `${plural(report.documents.state + report.documents.agentProfile, 'document')} of theirs: ` +
    `state ${report.documents.state}, agent profile ${report.documents.agentProfile}`,
  `${plural(report.documents.mentioning, 'document')} of others that name them`,
  `${plural(report.attachments.named, 'attachment')}, of which ${report.attachments.onlyTheirs} in no other statement`,
  `${plural(report.names.length, 'name')}${report.names.map((name) => `\n  ${JSON.stringify(name)}`).join('')}`,
  `${plural(report.deadLetters, 'dead letter')} of forwardings`,
  `${plural(rejectedRequests.length, 'rejected request')}${rejectedRequests.map((id) => `\n  ${id}`).join('')}`,
  `${plural(imports.length, 'import')} with rejected records${imports.map((id) => `\n  ${id}`).join('')}`
]

const identifierArgument = [
  '<identifier>',
  'an e-mail address, the SHA-1 of one, an OpenID, or an account as homePage|name'
] as const

/** `ralph learner`: what is kept of a person. */
export const declareLearner = (program: Command, composition: Composition): void => {
  const learner = program
    .command('learner')
    .summary('find what is kept of a learner')
    .description(
      'Works on the store of the server, with the settings of the server. A learner is named by an identifier as ' +
        'statements have it. A person with several identifiers is looked for with each of them.'
    )
    .helpCommand(false)
  addStoreOptions(
    learner
      .command('find')
      .argument(...identifierArgument)
      .summary('count what is kept of a learner, and where')
      .option('--json', 'as one JSON object'),
    composition
  ).action((identifier: string, { json }: JsonFlag, command: Command) =>
    interruptible(async (signal) => {
      const { learnerOf } = await import('../../privacy/learner.ts')
      const asked = learnerOf(identifier)
      await withStoreOfServer(command, composition, { reading: true, signal }, async (opened) => {
        const [{ findLearner }, { findKeptRequests }] = await Promise.all([
          import('../../privacy/find.ts'),
          import('../kept-requests.ts')
        ])
        const report = await findLearner(opened.store, asked, { signal })
        const kept = await findKeptRequests(composition, opened, asked)
        const target = opened.target ?? null
        const text = json === true ? JSON.stringify({ target, ...report, ...kept }) : linesOf(report, kept).join('\n')
        process.stdout.write(printable(`${text}\n`))
      })
    })
  )
}
