import type { Command } from 'commander'
import { RalphError } from '../../errors.ts'
import { type AgentFlags, agentOf, gather, namesAgent } from '../agent-flags.ts'
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

interface KeyFlags extends AgentFlags, JsonFlag {
  readonly label?: string
  readonly scope?: readonly string[]
  readonly target?: string
  readonly expires?: string
  readonly address?: readonly string[]
  readonly origin?: readonly string[]
}

const withServer = (
  command: Command,
  composition: Composition,
  work: (ask: AskRalph) => Promise<void>
): Promise<void> =>
  askServer(
    command,
    composition,
    { path: '/auth/keys', message: 'accepts no keys: RALPH_RUNSERVER_AUTH_BACKENDS there does not have keys' },
    work
  )

const keyLine = ({ id, label, scopes, target, expires, lastUse, agent }: Told): string => {
  const rest = [
    ...(target === undefined ? [] : [`target ${target}`]),
    expires === undefined ? 'does not expire' : `expires ${expires}`,
    lastUse === undefined ? 'never used' : `used ${lastUse}`
  ]
  return `${id}  ${label}  ${scopes}  ${rest.join(', ')}  ${JSON.stringify(agent)}\n`
}

/** `ralph auth` has options of the same names, and Commander gives them to it. */
const bodyOf = (flags: KeyFlags): object => {
  if (flags.label === undefined) throw new RalphError('USAGE', "required option '--label <text>' not specified")
  if (flags.scope === undefined) throw new RalphError('USAGE', "required option '-s, --scope <scope>' not specified")
  return {
    label: flags.label,
    scopes: flags.scope,
    ...(namesAgent(flags) ? { agent: agentOf(flags) } : {}),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.expires === undefined ? {} : { expires: flags.expires }),
    ...(flags.address === undefined ? {} : { addresses: flags.address }),
    ...(flags.origin === undefined ? {} : { origins: flags.origin })
  }
}

const declareCreate = (keys: Command, composition: Composition): void => {
  keys
    .command('create')
    .summary('make a key, and print it this once')
    .description(
      'Makes a key for a program. It is printed this once: for `Authorization: Bearer`, and as a name and a password ' +
        'for HTTP Basic. Without an agent, statements that are sent with it have the authority of who asks.'
    )
    .option('--label <text>', 'what the key is for')
    .option('-s, --scope <scope>', 'what the program may do; can be given several times', gather)
    .option('-t, --target <target>', 'store of its own that the program reads and writes; default: that of who asks')
    .option('-M, --agent-ifi-mbox <mailto>', 'mbox of the agent that stands for the program')
    .option('-S, --agent-ifi-mbox-sha1sum <sha1>', 'mbox-sha1sum of the agent')
    .option('-O, --agent-ifi-openid <uri>', 'openid of the agent')
    .option('-A, --agent-ifi-account <name-homepage...>', 'account of the agent, two words: NAME HOMEPAGE')
    .option('-N, --agent-name <name>', 'name of the agent')
    .option('--expires <timestamp>', 'when it ends, such as 2027-12-31T00:00:00Z; default: never')
    .option('--address <network>', 'address or network from which it may be used; can be given several times', gather)
    .option('--origin <origin>', 'origin of a page that may use it; can be given several times', gather)
    .option('--json', 'the answer of the server, as JSON')
    .action((_flags: unknown, command: Command) =>
      withServer(command, composition, async (ask) => {
        const flags = command.optsWithGlobals<KeyFlags>()
        const made = await ask('POST', '/auth/keys', bodyOf(flags))
        say([made], flags, ({ id, key, username, password, label }) =>
          [
            `The key ${id} (${label}). It is shown this once.`,
            `Authorization: Bearer ${key}`,
            `HTTP Basic: user name ${username}`,
            `            password  ${password}\n`
          ].join('\n')
        )
      })
    )
}

/** `ralph auth keys`: the keys of programs that a server accepts. */
export const declareKeys = (auth: Command, composition: Composition): void => {
  const keys = auth
    .command('keys')
    .summary('make, list and revoke the keys of programs')
    .description(
      'Asks a running server for the keys of programs, as a user with the scope `all`. The store keeps them, so all servers ' +
        'of one store accept the same ones.'
    )
    .helpCommand(false)
  addServerOptions(keys)
  declareCreate(keys, composition)
  keys
    .command('list', { isDefault: true })
    .summary('list the keys; no secret is shown')
    .option('--json', 'one JSON object on each line')
    .action((flags: JsonFlag, command: Command) =>
      withServer(command, composition, async (ask) => {
        say(listIn(await ask('GET', '/auth/keys'), 'keys'), flags, keyLine)
      })
    )
  keys
    .command('revoke <id...>')
    .summary('refuse keys from now on; statements that were sent with them stay')
    .action((ids: readonly string[], _flags: unknown, command: Command) =>
      withServer(command, composition, async (ask) => {
        for (const id of ids) {
          await ask('DELETE', `/auth/keys/${encodeURIComponent(id)}`)
          process.stdout.write(`${id} revoked\n`)
        }
      })
    )
}
