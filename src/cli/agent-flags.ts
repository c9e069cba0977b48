import { RalphError } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'

/** The flags of Python Ralph that name an Agent. */
export interface AgentFlags {
  readonly agentIfiMbox?: string
  readonly agentIfiMboxSha1sum?: string
  readonly agentIfiOpenid?: string
  /** Name and home page. */
  readonly agentIfiAccount?: readonly string[]
  readonly agentName?: string
}

const oneIdentifier = `Exactly one (1) of the ifi options is required. These options are:
-M --agent-ifi-mbox : mbox Agent IFI
-S --agent-ifi-mbox-sha1sum : mbox-sha1sum Agent IFI
-O --agent-ifi-openid : openid Agent IFI
-A --agent-ifi-account : account Agent IFI`

const identifiersOf = (flags: AgentFlags): number =>
  [flags.agentIfiMbox, flags.agentIfiMboxSha1sum, flags.agentIfiOpenid, flags.agentIfiAccount].filter(
    (given) => given !== undefined
  ).length

export const namesAgent = (flags: AgentFlags): boolean => identifiersOf(flags) > 0 || flags.agentName !== undefined

/** The Agent in the order of Ralph's keys. `USAGE` unless exactly one identifier is given. */
export const agentOf = (flags: AgentFlags): Agent => {
  const { agentIfiMbox: mbox, agentIfiMboxSha1sum: sha1sum, agentIfiOpenid: openid, agentIfiAccount: account } = flags
  if (identifiersOf(flags) !== 1) throw new RalphError('USAGE', oneIdentifier)
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

/** The values of an option that can be given several times. */
export const gather = (value: string, gathered: readonly string[] = []): readonly string[] => [...gathered, value]
