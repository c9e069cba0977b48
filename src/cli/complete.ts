import type { Command, Option } from 'commander'
import type { Composition } from './composition.ts'
import { findBackend } from './data-command.ts'

/** A word that could complete the line, and its meaning. */
export interface Candidate {
  readonly value: string
  readonly meaning: string
}

const commandOf = (program: Command, word: string): Command | undefined =>
  program.commands.find((command) => command.name() === word || command.aliases().includes(word))

const takesValue = (option: Option): boolean => option.required || option.optional

const optionOf = (commands: readonly Command[], word: string): Option | undefined =>
  commands.flatMap(({ options }) => options).find(({ long, short }) => word === long || word === short)

/** Bash splits `--backend=fs` into three words. */
const joined = (words: readonly string[]): readonly string[] => {
  const whole: string[] = []
  for (const word of words) {
    const last = whole.at(-1)
    if (last !== undefined && (word === '=' || (last.endsWith('=') && last.startsWith('--')))) {
      whole[whole.length - 1] = last + word
    } else whole.push(word)
  }
  return whole
}

const backendsFor = (command: Command, { lrsBackends, dataBackends }: Composition): readonly Candidate[] =>
  (command.name() === 'runserver' ? lrsBackends : dataBackends).map(({ name, summary }) => ({
    value: name,
    meaning: summary
  }))

const valuesOf = (option: Option, command: Command, composition: Composition): readonly Candidate[] => {
  if (option.long === '--backend') return backendsFor(command, composition)
  return (option.argChoices ?? []).map((value) => ({ value, meaning: '' }))
}

/** The backend that earlier words chose. Only its own flags are useful. */
const chosenIn = (words: readonly string[], { dataBackends }: Composition): string | undefined => {
  const at = words.findIndex((word) => word === '-b' || word === '--backend')
  const name = at < 0 ? words.find((word) => word.startsWith('--backend='))?.slice(10) : words[at + 1]
  return name === undefined ? undefined : findBackend(dataBackends, name)?.name
}

const flagsFor = (command: Command, words: readonly string[], composition: Composition): readonly Candidate[] => {
  const chosen = chosenIn(words, composition)
  const isOfAnother = ({ helpGroupHeading }: Option): boolean =>
    chosen !== undefined && /^Backend /.test(helpGroupHeading ?? '') && helpGroupHeading !== `Backend ${chosen}:`
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !isOfAnother(option))
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', meaning: description }))
}

const hiddenFlags = (command: Command, begun: string): readonly Candidate[] =>
  command.options.flatMap(({ long, hidden, description }) =>
    hidden && long?.startsWith(begun) ? [{ value: long, meaning: description }] : []
  )

const choose = (program: Command, words: readonly string[], composition: Composition): readonly Candidate[] => {
  const last = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const name = before.find((word) => commandOf(program, word) !== undefined)
  const command = (name === undefined ? undefined : commandOf(program, name)) ?? program
  const isUnder = [command, program]
  const [, flag, begun] = /^(--[^=]+)=(.*)$/.exec(last) ?? []
  const asked = optionOf(isUnder, flag ?? before.at(-1) ?? '')
  if (asked !== undefined && takesValue(asked)) {
    const start = begun ?? last
    return valuesOf(asked, command, composition).filter(({ value }) => value.startsWith(start))
  }
  const all = last.startsWith('-')
    ? flagsFor(command, before, composition)
    : command === program
      ? program
          .createHelp()
          .visibleCommands(program)
          .map((each) => ({ value: each.name(), meaning: each.summary() }))
      : (command.registeredArguments[0]?.argChoices ?? []).map((value) => ({ value, meaning: '' }))
  const found = all.filter(({ value }) => value.startsWith(last))
  // Aliases of settings are completed only if no other flag begins like this.
  return found.length > 0 || !last.startsWith('--') ? found : hiddenFlags(command, last)
}

/** The candidates for the last word. None: a file name, or anything. */
export const complete = (program: Command, words: readonly string[], composition: Composition): readonly Candidate[] =>
  choose(program, joined(words), composition)
