import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { RalphError } from '../../errors.ts'
import { flagValues, loadAuthFile } from '../../settings/load.ts'
import { createReader } from '../../settings/read.ts'
import { onOneLine } from '../../telemetry/printable.ts'
import { type AgentFlags, agentOf, gather } from '../agent-flags.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { demoAppDir } from '../demo.ts'
import { hideWords } from '../hide-secrets.ts'
import { interruptible } from '../interruption.ts'
import { declareKeys } from './auth-keys.ts'

interface AuthFlags extends AgentFlags {
  readonly username?: string
  readonly password?: string
  readonly scope?: readonly string[]
  readonly target?: string
  readonly writeToDisk?: boolean
  readonly authFile?: string
}
/** The auth file that `npm start` would read here; undefined: none. */
const demoAuthFile = (): string | undefined => {
  const path = resolve(demoAppDir, 'auth.json')
  return existsSync(path) ? path : undefined
}

const passwordOption = [
  '-p, --password <password>',
  'password of the user; without it the command asks, which keeps it out of your history'
] as const
const fileOption = ['--auth-file <file>', 'path of the auth file [RALPH_AUTH_FILE]'] as const

/** Commander would require the options of `ralph auth` for each of its subcommands too. */
const required = <Value>(value: Value | undefined, option: string): Value => {
  if (value === undefined) throw new RalphError('USAGE', `required option '${option}' not specified`)
  return value
}

/** `ralph auth`: makes credentials for HTTP Basic authentication, and prints them or writes them to the auth file. */
const declareAdd = (auth: Command, composition: Composition): void => {
  auth
    .option('-u, --username <name>', 'the user for which we make credentials')
    .option(...passwordOption)
    .option('-s, --scope <scope>', 'what the user may do; can be given several times', gather)
    .option('-t, --target <target>', 'separate store of this user; default: the common one')
    .option('-M, --agent-ifi-mbox <mailto>', 'mbox of the agent of the user')
    .option('-S, --agent-ifi-mbox-sha1sum <sha1>', 'mbox-sha1sum of the agent')
    .option('-O, --agent-ifi-openid <uri>', 'openid of the agent')
    .option('-A, --agent-ifi-account <name-homepage...>', 'account of the agent, two words: NAME HOMEPAGE')
    .option('-N, --agent-name <name>', 'name of the agent')
    .option('-w, --write-to-disk', 'append the credentials to the auth file instead of printing them')
    .option(...fileOption)
    .action(async (flags: AuthFlags, command: Command) => {
      if (flags.password !== undefined) hideWords(command)
      const username = required(flags.username, '-u, --username <name>')
      const scopes = required(flags.scope, '-s, --scope <scope>')
      const { log, sources } = settingsOf(command, composition, { RALPH_AUTH_FILE: flags.authFile })
      const authFile = loadAuthFile(sources)
      const agent = agentOf(flags)
      const { appendCredentials, createCredentials, formatCredentials, requireNewUser } = await import(
        '../../identity/credentials.ts'
      )
      if (flags.writeToDisk === true) await requireNewUser(authFile, username)
      log.info(`Will generate credentials for user: ${username}`)
      const ofDemo = demoAuthFile()
      if (ofDemo !== undefined && ofDemo !== authFile) {
        log.info(`"npm start" reads another auth file; for a user there add: --auth-file ${JSON.stringify(ofDemo)}`)
      }
      const { askPassword } = await import('../ask-password.ts')
      const password = flags.password ?? (await askPassword())
      const credentials = await createCredentials({
        username,
        password,
        scopes,
        agent,
        ...(flags.target === undefined ? {} : { target: flags.target })
      })
      if (flags.writeToDisk !== true) {
        process.stdout.write(
          `Copy/paste the following credentials to your LRS authentication file located in: ${authFile}\n${formatCredentials(credentials)}\n`
        )
        return
      }
      const written = await appendCredentials(authFile, credentials)
      log.info(`User ${username} has been added to: ${written}`)
    })
}

interface UserFlags {
  readonly password?: string
  readonly authFile?: string
  readonly json?: boolean
}

/** The settings of a subcommand. `ralph auth` itself has the same options, and Commander may give them to it instead. */
const userSettings = (command: Command, composition: Composition) => {
  const flags = command.optsWithGlobals<UserFlags>()
  if (flags.password !== undefined) hideWords(command)
  const { log, sources } = settingsOf(command, composition, { RALPH_AUTH_FILE: flags.authFile })
  return { flags, log, authFile: loadAuthFile(sources) }
}

const declareList = (auth: Command, composition: Composition): void => {
  auth
    .command('list')
    .summary('list the users of the auth file')
    .description(
      'Lists the users of the auth file: name, whether it can log in, scopes, target, agent. Hashes are not shown.'
    )
    .option('--json', 'one JSON object on each line')
    .option(...fileOption)
    .action(async (_, command: Command) => {
      const { flags, authFile } = userSettings(command, composition)
      const { readAuthFile } = await import('../../identity/auth-file.ts')
      const { users } = await readAuthFile(authFile)
      const rows = users.map(({ principal: { username, scopes, target, agent }, disabled }) => ({
        username,
        disabled,
        scopes,
        target: target ?? null,
        agent
      }))
      const width = Math.max(0, ...rows.map(({ username }) => username.length))
      for (const row of rows) {
        const { username, disabled, scopes, target, agent } = row
        const state = disabled ? 'disabled' : 'enabled '
        const kept = target === null ? '' : `  target ${target}`
        const line =
          flags.json === true
            ? JSON.stringify(row)
            : `${username.padEnd(width)}  ${state}  ${scopes.join(',')}${kept}  ${JSON.stringify(agent)}`
        process.stdout.write(`${onOneLine(line)}\n`)
      }
    })
}

const declareChanges = (auth: Command, composition: Composition): void => {
  auth
    .command('password <username>')
    .summary('give a user a new password')
    .description('Gives a user a new password, and enables the user. A running server uses it within a second or two.')
    .option(...passwordOption)
    .option(...fileOption)
    .action(async (username: string, _, command: Command) => {
      const { flags, log, authFile } = userSettings(command, composition)
      const { changePassword, requireKnownUser } = await import('../../identity/credentials.ts')
      await requireKnownUser(authFile, username)
      const { askPassword } = await import('../ask-password.ts')
      const written = await changePassword(authFile, username, flags.password ?? (await askPassword()))
      log.info(`User ${username} has a new password in: ${written}`)
    })
  const change = (
    verb: 'remove' | 'disable' | 'enable',
    summary: string,
    done: string,
    apply: (authFile: string, username: string) => Promise<string>
  ): void => {
    auth
      .command(`${verb} <username>`)
      .summary(summary)
      .option(...fileOption)
      .action(async (username: string, _, command: Command) => {
        const { log, authFile } = userSettings(command, composition)
        log.info(`User ${username} is ${done} in: ${await apply(authFile, username)}`)
      })
  }
  const credentials = () => import('../../identity/credentials.ts')
  change('disable', 'prevent a user from logging in', 'disabled', async (file, name) =>
    (await credentials()).enableUser(file, name, false)
  )
  change('enable', 'let a user log in again', 'enabled', async (file, name) =>
    (await credentials()).enableUser(file, name, true)
  )
  change('remove', 'remove a user; the statements of the user stay', 'no longer', async (file, name) =>
    (await credentials()).removeUser(file, name)
  )
}

/** `ralph auth ovh`: the request for a key that users of ldp-mirror 0.x make with curl. */
const declareOvh = (auth: Command, composition: Composition): void => {
  const source = composition.archiveSources.find(({ name }) => name === 'ldp')
  if (source === undefined) return
  const asked = ['OVH_API_AK', 'OVH_API_REGION']
  const settings = Object.entries(source.settings).filter(([, { variable }]) => asked.includes(variable))
  const command = auth
    .command('ovh')
    .summary('ask OVH for a key for `ralph mirror ldp`')
    .description(
      'Asks the API of OVH for a consumer key with the four rights that a mirror needs, and no others. The key does not ' +
        'work until you confirm it on the page that is printed. docs/mirror.md says how to get an application key.'
    )
    .option('--redirection <url>', 'page that is shown after the confirmation')
  for (const [, setting] of settings) {
    command.option(
      `--${setting.flag} <${setting.kind.placeholder ?? 'value'}>`,
      `${setting.description} [${setting.variable}]`
    )
  }
  command.action(async ({ redirection }: { readonly redirection?: string }) => {
    const given = command.opts<Readonly<Record<string, string | undefined>>>()
    const values = flagValues([Object.fromEntries(settings)], (flag) => given[new Option(`--${flag}`).attributeName()])
    if (values.has('OVH_API_AK')) hideWords(command)
    const { log, sources } = settingsOf(command, composition, Object.fromEntries(values))
    const reader = createReader(sources)
    const ask = source.requestKey(reader)
    reader.finish()
    const { clock } = composition
    const { consumerKey, validationUrl } = await interruptible((signal) => ask({ clock, log, redirection, signal }))
    process.stdout.write(`${onOneLine(validationUrl)}\nOVH_API_CK=${onOneLine(consumerKey)}\n`)
    log.info('Open the page and log in: until then the key does not work')
  })
}

/** `ralph auth`: the users of the server. */
export const declareAuth = (program: Command, composition: Composition): void => {
  const auth = program
    .command('auth')
    .summary('create, change, list and remove users')
    .description(
      'Makes credentials for HTTP Basic authentication, and prints them or writes them to the auth file. The ' +
        'subcommands list and change existing users. A running server reads the file again when it changes.'
    )
    .helpCommand(false)
  declareAdd(auth, composition)
  declareList(auth, composition)
  declareChanges(auth, composition)
  declareKeys(auth, composition)
  declareOvh(auth, composition)
}
