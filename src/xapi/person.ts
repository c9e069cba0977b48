import type { Account, Agent } from './statement.ts'

/** What all statements together say of an Agent (Communication §2.4). */
export interface Person {
  readonly objectType: 'Person'
  readonly name?: readonly string[]
  readonly mbox?: readonly string[]
  readonly mbox_sha1sum?: readonly string[]
  readonly openid?: readonly string[]
  readonly account?: readonly Account[]
}

/**
 * Names as they are in statements, then the name in the request, each once. The identifiers are those of the request. Nothing says that two
 * identifiers are the same person, so none is added.
 */
export const personOf = (agent: Agent, names: readonly string[]): Person => {
  const all = new Set(agent.name === undefined ? names : [...names, agent.name])
  return {
    objectType: 'Person',
    ...(all.size > 0 && { name: [...all] }),
    ...(agent.mbox !== undefined && { mbox: [agent.mbox] }),
    ...(agent.mbox_sha1sum !== undefined && { mbox_sha1sum: [agent.mbox_sha1sum] }),
    ...(agent.openid !== undefined && { openid: [agent.openid] }),
    ...(agent.account !== undefined && { account: [agent.account] })
  }
}
