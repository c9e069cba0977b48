import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { RalphError } from '../../errors.ts'
import { loadAuthFile } from '../../settings/load.ts'
import type { Agent } from '../../xapi/statement.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { demoAppDir } from '../demo.ts'
import { hideWords } from '../hide-secrets.ts'

interface AuthFlags {
  readonly username: string
  readonly password?: string
  readonly scope: readonly string[]
  readonly target?: string
  readonly agentIfiMbox?: string
  readonly agentIfiMboxSha1sum?: string
  readonly agentIfiOpenid?: string
  /** Name and home page. */
  readonly agentIfiAccount?: readonly string[]
  readonly agentName?: string
  readonly writeToDisk?: boolean
  readonly authFile?: string
}

const oneIdentifier = `Exactly one (1) of the ifi options is required. These options are:
-M --agent-ifi-mbox : mbox Agent IFI
-S --agent-ifi-mbox-sha1sum : mbox-sha1sum Agent IFI
-O --agent-ifi-openid : openid Agent IFI
-A --agent-ifi-account : account Agent IFI`

/** The Agent in the order of Ralph's keys. `USAGE` unless exactly one identifier is given. */
const agentOf = (flags: AuthFlags): Agent => {
  const { agentIfiMbox: mbox, agentIfiMboxSha1sum: sha1sum, agentIfiOpenid: openid, agentIfiAccount: account } = flags
  if ([mbox, sha1sum, openid, account].filter((given) => given !== undefined).length !== 1) {
    throw new RalphError('USAGE', oneIdentifier)
  }
  if (mbox !== undefined && !mbox.startsWith('mailto:')) {
    throw new RalphError('USAGE', 'Mbox field must start with "mailto:" (e.g.: "mailto:foo@bar.com")')
  }
  const [name = '', homePage, ...rest] = account ?? []
  if (account !== undefined && (homePage === undefined || rest.length > 0)) {
    throw new RalphError('USAGE', 'Option "-A --agent-ifi-account" takes two words: NAME HOMEPAGE')
  }
  return {
    ...(mbox === undefined ? {} : { mbox }),
    ...(sha1sum === undefined ? {} : { mbox_sha1sum: sha1sum }),
    ...(openid === undefined ? {} : { openid }),
    ...(homePage === undefined ? {} : { account: { name, homePage } }),
    objectType: 'Agent',
    ...(flags.agentName === undefined ? {} : { name: flags.agentName })
  }
}

const gather = (value: string, gathered: readonly string[] = []): readonly string[] => [...gathered, value]

/** The auth file that `npm start` would read here; undefined: none. */
const demoAuthFile = (): string | undefined => {
  const path = resolve(demoAppDir, 'auth.json')
  return existsSync(path) ? path : undefined
}

/** `ralph auth`: credentials for HTTP Basic authentication, printed or written to the auth file. */
export const declareAuth = (program: Command, composition: Composition): void => {
  program
    .command('auth')
    .summary('make credentials of a user')
    .description('Makes credentials for HTTP Basic authentication, and prints them or writes them to the auth file.')
    .requiredOption('-u, --username <name>', 'the user for which we make credentials')
    .option(
      '-p, --password <password>',
      'password of the user; asked for if missing, which keeps it out of your history'
    )
    .requiredOption('-s, --scope <scope>', 'what the user may do; can be given several times', gather)
    .option('-t, --target <target>', 'store of its own that the user reads and writes; default: the common one')
    .option('-M, --agent-ifi-mbox <mailto>', 'mbox of the agent that stands for the user')
    .option('-S, --agent-ifi-mbox-sha1sum <sha1>', 'mbox-sha1sum of the agent')
    .option('-O, --agent-ifi-openid <uri>', 'openid of the agent')
    .option('-A, --agent-ifi-account <name-homepage...>', 'account of the agent, two words: NAME HOMEPAGE')
    .option('-N, --agent-name <name>', 'name of the agent')
    .option('-w, --write-to-disk', 'append the credentials to the auth file instead of printing them')
    .option('--auth-file <file>', 'which auth file [RALPH_AUTH_FILE]')
    .action(async (flags: AuthFlags, command: Command) => {
      if (flags.password !== undefined) hideWords(command)
      const { log, sources } = settingsOf(command, composition, { RALPH_AUTH_FILE: flags.authFile })
      const authFile = loadAuthFile(sources)
      const agent = agentOf(flags)
      const { appendCredentials, createCredentials, formatCredentials, requireNewUser } = await import(
        '../../identity/credentials.ts'
      )
      if (flags.writeToDisk === true) await requireNewUser(authFile, flags.username)
      log.info(`Will generate credentials for user: ${flags.username}`)
      const ofDemo = demoAuthFile()
      if (ofDemo !== undefined && ofDemo !== authFile) {
        log.info(`"npm start" reads another auth file; for a user there add: --auth-file ${JSON.stringify(ofDemo)}`)
      }
      const { askPassword } = await import('../ask-password.ts')
      const password = flags.password ?? (await askPassword())
      const credentials = await createCredentials({
        username: flags.username,
        password,
        scopes: flags.scope,
        agent,
        ...(flags.target === undefined ? {} : { target: flags.target })
      })
      if (flags.writeToDisk !== true) {
        process.stdout.write(
          `Copy/paste the following credentials to your LRS authentication file located in: ${authFile}\n${formatCredentials(credentials)}\n`
        )
        return
      }
      log.info(`Will append new credentials to: ${authFile}`)
      await appendCredentials(authFile, credentials)
      log.info(`User ${flags.username} has been added to: ${authFile}`)
    })
}
