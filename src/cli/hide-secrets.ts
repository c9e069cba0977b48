import type { Command } from 'commander'
import { flagsOf } from '../settings/aliases.ts'
import type { SettingsGroup } from '../settings/define.ts'

/** Takes the words of the command out of the list of processes, where everybody on the machine can read them. */
export const hideWords = (command: Command): void => {
  process.title = `ralph ${command.name()}`
}

/** Secrets that were given as flags, by the variables they stand for, are not left in the list of processes. */
export const hideSecrets = (
  command: Command,
  groups: readonly SettingsGroup[],
  flags: ReadonlyMap<string, string>
): void => {
  const secrets = groups.flatMap((group) => Object.values(group)).filter(({ secret }) => secret)
  if (secrets.some(({ variable, flag }) => [...flagsOf(variable, flag).values()].some((name) => flags.has(name)))) {
    hideWords(command)
  }
}
