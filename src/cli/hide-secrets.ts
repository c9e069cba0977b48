import type { Command } from 'commander'
import { flagsOf } from '../settings/aliases.ts'
import type { SettingsGroup } from '../settings/define.ts'

/** Removes the words of the command from the list of processes, which everybody on the machine can read. */
export const hideWords = (command: Command): void => {
  process.title = `ralph ${command.name()}`
}

/** Removes secrets that were given as flags from the list of processes. The flags are named by their variables. */
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
