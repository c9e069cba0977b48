import type { Command } from 'commander'
import { integer } from '../../settings/kinds.ts'
import {
  type AskRalph,
  addServerOptions,
  withServer as askServer,
  type JsonFlag,
  listIn,
  say,
  type Told
} from '../ask-server.ts'
import type { Composition } from '../composition.ts'
import { flagOf } from '../flag-kinds.ts'

const withServer = (
  command: Command,
  composition: Composition,
  work: (ask: AskRalph) => Promise<void>
): Promise<void> =>
  askServer(
    command,
    composition,
    { path: '/forwardings', message: 'forwards nothing: RALPH_XAPI_FORWARDINGS is not set there' },
    work
  )

const statusLine = ({ name, place, target, state, lag, deadLetters, detail }: Told): string =>
  `${state}  ${name}${target === undefined ? '' : ` (target ${target})`}  ${place}  lag ${lag} s, ` +
  `${deadLetters} dead letters${detail === undefined ? '' : `: ${detail}`}\n`

const letterLine = ({ id, time, target, reason }: Told): string =>
  `${id}  ${time}  ${target === undefined ? '' : `${target}  `}${reason}\n`

/** `ralph forwardings`: what becomes of the statements that a server forwards. */
export const declareForwardings = (program: Command, composition: Composition): void => {
  const forwardings = program
    .command('forwardings')
    .summary('list the forwardings of a server and their dead letters, and send those again')
    .description(
      'Asks a running server about its forwardings (RALPH_XAPI_FORWARDINGS). The user needs the scope `all`. A dead letter is ' +
        'a statement that a receiver has refused for good.'
    )
    .helpCommand(false)
  addServerOptions(forwardings)
  const json = ['--json', 'everything that is known of each, one JSON object on each line'] as const
  forwardings
    .command('list', { isDefault: true })
    .summary('list forwardings, their lag and their problems; exit code 1 if there is a problem')
    .option(...json)
    .action((flags: JsonFlag, command: Command) =>
      withServer(command, composition, async (ask) => {
        const found = listIn(await ask('GET', '/forwardings'), 'forwardings')
        say(found, flags, statusLine)
        if (found.some(({ state, deadLetters }) => state === 'trouble' || deadLetters !== 0)) process.exitCode = 1
      })
    )
  forwardings
    .command('dead-letters <name>')
    .summary('list the refused statements, with the reasons of the receiver')
    .option('--limit <number>', 'most results', flagOf('--limit', integer(1, 1_000_000)), 1000)
    .option(...json)
    .action((name: string, flags: JsonFlag & { readonly limit: number }, command: Command) =>
      withServer(command, composition, async (ask) => {
        const page = (limit: number): string => `limit=${Math.min(limit, 1000)}`
        let path = `/forwardings/${encodeURIComponent(name)}/dead-letters?${page(flags.limit)}`
        for (let left = flags.limit; left > 0; ) {
          const answer = await ask('GET', path)
          const letters = listIn(answer, 'deadLetters').slice(0, left)
          say(letters, flags, letterLine)
          left -= letters.length
          const [, query] = /(\?.*)$/.exec(String(answer.more ?? '')) ?? []
          if (query === undefined) return
          path = `/forwardings/${encodeURIComponent(name)}/dead-letters${query}`
        }
      })
    )
  forwardings
    .command('replay <name> [id...]')
    .summary('send dead letters again, all of them or those with these ids; exit code 1 if some are refused again')
    .option(...json)
    .action((name: string, ids: readonly string[], flags: JsonFlag, command: Command) =>
      withServer(command, composition, async (ask) => {
        const path = `/forwardings/${encodeURIComponent(name)}/replay`
        const report = await ask('POST', path, ids.length === 0 ? {} : { ids })
        const refused = listIn(report, 'refused')
        if (flags.json === true) process.stdout.write(`${JSON.stringify(report)}\n`)
        else {
          process.stdout.write(`${report.delivered} delivered, ${refused.length} refused again\n`)
          say(refused, flags, letterLine)
        }
        if (refused.length > 0) process.exitCode = 1
      })
    )
  forwardings
    .command('discard <name> <id...>')
    .summary('delete dead letters; the statements stay in the store')
    .action((name: string, ids: readonly string[], _flags: unknown, command: Command) =>
      withServer(command, composition, async (ask) => {
        const { discarded } = await ask('POST', `/forwardings/${encodeURIComponent(name)}/discard`, { ids })
        process.stdout.write(`${discarded} discarded\n`)
      })
    )
}
