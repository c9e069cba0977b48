import { type Command, Option } from 'commander'
import { RalphError } from '../../errors.ts'
import { integer } from '../../settings/kinds.ts'
import { flagValues } from '../../settings/load.ts'
import { createReader } from '../../settings/read.ts'
import { uploadGroup } from '../../settings/upload.ts'
import { printable } from '../../telemetry/printable.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { flagOf } from '../flag-kinds.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { interruptible } from '../interruption.ts'
import { optionsOf } from '../setting-options.ts'

/** Where the server is and who asks, as for `ralph upload`. */
const { to, username, password, timeout } = uploadGroup
const serverGroup = {
  to,
  username: { ...username, description: 'Who asks. The user needs the scope `all`.' },
  password,
  timeout
}

type Json = Readonly<Record<string, unknown>>

/** Asks the server; gives its answer as JSON. */
type Ask = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Json>

interface JsonFlag {
  readonly json?: boolean
}

/** `STORE_UNAVAILABLE`: the server is none of Ralph's. */
const objectIn = (text: string, place: string): Json => {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value))
  } catch {
    // Told below.
  }
  throw new RalphError('STORE_UNAVAILABLE', `${place} does not answer as a server of Ralph`)
}

const withServer = (command: Command, composition: Composition, work: (ask: Ask) => Promise<void>): Promise<void> =>
  interruptible(async (signal) => {
    const given = command.optsWithGlobals<Readonly<Record<string, string | undefined>>>()
    const values = flagValues([serverGroup], (flag) => given[new Option(`--${flag}`).attributeName()])
    hideSecrets(command, [serverGroup], values)
    const { sources } = settingsOf(command, composition, Object.fromEntries(values))
    const reader = createReader(sources)
    const settings = reader.read(serverGroup)
    reader.finish()
    const { createAsk, failureOf, refusal } = await import('../../tus/requests.ts')
    const base = settings.to.href.replace(/\/+$/, '')
    const ask = createAsk({
      username: settings.username ?? settings.to.username ?? 'ralph',
      password: settings.password ?? settings.to.password ?? 'secret',
      timeout: settings.timeout,
      signal
    })
    await work(async (method, path, body) => {
      const url = new URL(`${base}${path}`)
      const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }
      const headers = { 'content-type': 'application/json' }
      const answer = await ask({ method, url, headers, ...sent }).catch((error: unknown) => {
        signal.throwIfAborted()
        throw failureOf(error, url)
      })
      if (answer.status === 404 && path === '/forwardings') {
        throw new RalphError('NOT_FOUND', `${url.origin} forwards nothing: RALPH_XAPI_FORWARDINGS is not set there`)
      }
      if (answer.status !== 200) throw refusal(answer, url)
      return objectIn(answer.text, url.origin)
    })
  })

const listIn = (answer: Json, key: string): readonly Json[] => {
  const value = answer[key]
  return Array.isArray(value) ? value : []
}

const statusLine = ({ name, place, target, state, lag, deadLetters, detail }: Json): string =>
  `${state}  ${name}${target === undefined ? '' : ` (target ${target})`}  ${place}  lag ${lag} s, ` +
  `${deadLetters} dead letters${detail === undefined ? '' : `: ${detail}`}\n`

const letterLine = ({ id, time, target, reason }: Json): string =>
  `${id}  ${time}  ${target === undefined ? '' : `${target}  `}${reason}\n`

const say = (items: readonly Json[], { json }: JsonFlag, line: (item: Json) => string): void => {
  for (const each of items) process.stdout.write(printable(json === true ? `${JSON.stringify(each)}\n` : line(each)))
}

/** `ralph forwardings`: what becomes of the statements that a server forwards. */
export const declareForwardings = (program: Command, composition: Composition): void => {
  const forwardings = program
    .command('forwardings')
    .summary('list the forwardings of a server and their dead letters, and send those again')
    .description(
      'Asks a running server about its forwardings (RALPH_XAPI_FORWARDINGS), as a user with the scope `all`. A statement that ' +
        'a receiver has refused for good is a dead letter.'
    )
    .helpCommand(false)
  for (const setting of Object.values(serverGroup)) {
    for (const option of optionsOf(setting, 'Server')) forwardings.addOption(option)
  }
  const json = ['--json', 'everything that is known of each, one JSON object on each line'] as const
  forwardings
    .command('list', { isDefault: true })
    .summary('list forwardings, how far behind they are and what is wrong; exit code 1 if something is')
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
    .summary('list the statements that the receiver has refused, with its reasons')
    .option('--limit <number>', 'so many at most', flagOf('--limit', integer(1, 1_000_000)), 1000)
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
    .summary('send dead letters again, all of them unless ids are given; exit code 1 if some are refused again')
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
    .summary('forget dead letters; the statements stay in the store')
    .action((name: string, ids: readonly string[], _flags: unknown, command: Command) =>
      withServer(command, composition, async (ask) => {
        const { discarded } = await ask('POST', `/forwardings/${encodeURIComponent(name)}/discard`, { ids })
        process.stdout.write(`${discarded} discarded\n`)
      })
    )
}
