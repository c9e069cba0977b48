import { Command, CommanderError } from 'commander'
import { messageOf, RalphError } from '../errors.ts'
import { similar } from '../settings/unknown.ts'
import { printable } from '../telemetry/printable.ts'
import { declareAuth } from './commands/auth.ts'
import { declareBackends } from './commands/backends.ts'
import { declareBackup, declareRestore } from './commands/backup.ts'
import { declareCompletion } from './commands/completion.ts'
import { declareConvert } from './commands/convert.ts'
import { declareDelete } from './commands/delete.ts'
import { declareDoctor } from './commands/doctor.ts'
import { declareDownload } from './commands/download.ts'
import { declareErrors } from './commands/errors.ts'
import { declareExtract } from './commands/extract.ts'
import { declareForwardings } from './commands/forwardings.ts'
import { declareImport } from './commands/import.ts'
import { declareImports } from './commands/imports.ts'
import { declareKv } from './commands/kv.ts'
import { declareLearner } from './commands/learner.ts'
import { declareList } from './commands/list.ts'
import { declareListen } from './commands/listen.ts'
import { declareMigrateStore } from './commands/migrate-store.ts'
import { declareMirror } from './commands/mirror.ts'
import { declareRead } from './commands/read.ts'
import { declareRejected } from './commands/rejected.ts'
import { declareRunserver } from './commands/runserver.ts'
import { declareSample } from './commands/sample.ts'
import { declareSettings } from './commands/settings.ts'
import { declareStatus } from './commands/status.ts'
import { declareUpload } from './commands/upload.ts'
import { declareValidate } from './commands/validate.ts'
import { declareWrite } from './commands/write.ts'
import type { Composition } from './composition.ts'
import { findBackend } from './data-command.ts'
import { exitCode } from './exit-code.ts'
import { endAsInterrupted } from './interruption.ts'
import { aloneAs } from './mirror-options.ts'
import { readVersion } from './version.ts'
import { guardOutput, OutputClosed } from './write-out.ts'

/**
 * All commands. Their code is loaded when they are called. Backends have many flags, so only the commands in these words get
 * them.
 */
const createProgram = (composition: Composition, words: readonly string[]): Command => {
  const without: Composition = { ...composition, lrsBackends: [], dataBackends: [] }
  const forCommand = (...names: readonly string[]): Composition =>
    names.some((name) => words.includes(name)) ? composition : without
  const program = new Command('ralph')
    .description('Ralph, a Learning Record Store for xAPI')
    // -h is the host of `ralph runserver`, as in Python Ralph 5.
    .helpOption('--help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .option('-v, --verbosity <level>', 'CRITICAL, ERROR, WARNING, INFO (default) or DEBUG')
    .version(`ralph, version ${readVersion()}`, '--version', 'show the version')
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} })
  declareAuth(program, composition)
  declareBackends(program, forCommand('backends'))
  declareBackup(program, forCommand('backup'))
  declareCompletion(program, composition)
  declareConvert(program, composition)
  declareDelete(program, forCommand('delete'))
  declareDoctor(program, forCommand('doctor'))
  declareDownload(program, forCommand('download'))
  declareErrors(program, composition)
  declareExtract(program, composition)
  declareForwardings(program, composition)
  declareImport(program, forCommand('import'))
  declareImports(program, composition)
  declareKv(program, composition)
  declareLearner(program, forCommand('learner'))
  declareList(program, forCommand('list'))
  declareListen(program, forCommand('listen'))
  declareMigrateStore(program, forCommand('migrate-store'))
  declareMirror(program, composition)
  declareRead(program, forCommand('read', 'fetch'))
  declareRejected(program, composition)
  declareRestore(program, forCommand('restore'))
  declareRunserver(program, forCommand('runserver'))
  declareSample(program)
  declareSettings(program, forCommand('settings'))
  declareStatus(program, forCommand('status'))
  declareUpload(program, composition)
  declareValidate(program, composition)
  declareWrite(program, forCommand('write', 'push'))
  return program
}

/** The command that the words call, as far as it can be recognized. */
const calledCommand = (program: Command, words: readonly string[]): Command => {
  const isCalled = (word: string) => (command: Command) => command.name() === word || command.aliases().includes(word)
  const word = words.find((each) => program.commands.some(isCalled(each)))
  return program.commands.find(isCalled(word ?? '')) ?? program
}

const usage = (command: Command, message: string): string => {
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = aloneAs.has(at.name()) ? null : at.parent) {
    names.unshift(at.name())
  }
  const called = names.join(' ')
  return `Usage: ${called} ${command.usage()}\nTry '${called} --help' for help.\n\nError: ${message}\n`
}

const isDebug = (words: readonly string[]): boolean => /(^|\0)(-v|--verbosity)[=\0]?debug(\0|$)/i.test(words.join('\0'))

/**
 * The name of an unknown option, and a suggestion. Never its value, which may be a secret: of `--secret=x` only the part before
 * `=`, of `-sx` only the letter.
 */
const unknownOption = (command: Command, message: string): string => {
  const given = /unknown option '([\s\S]*)'/.exec(message)?.[1] ?? ''
  const name = given.startsWith('--') ? given.replace(/=[\s\S]*$/, '') : given.slice(0, 2)
  const options = [...command.options, ...(command.parent?.options ?? [])].filter(({ hidden }) => !hidden)
  const meant = name.startsWith('--')
    ? similar(
        name,
        options.flatMap(({ long }) => long ?? [])
      )
    : undefined
  return `unknown option '${name}'${meant === undefined ? '' : ` (did you mean ${meant}?)`}`
}

/** Commander names a missing option only by its flags. This adds its description. */
const missingOption = (command: Command, message: string): string => {
  const given = /required option '([^']*)'/.exec(message)?.[1]
  const option = command.options.find(({ flags }) => flags === given)
  if (option === undefined) return message
  const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`
  return `${message}: ${option.description}${choices}`
}

const usageMessageOf = (command: Command, { code, message }: CommanderError): string => {
  const plain = message.replace(/^error: /, '')
  if (code === 'commander.unknownOption') return unknownOption(command, message)
  return code === 'commander.missingMandatoryOptionValue' ? missingOption(command, plain) : plain
}

/** Prints the error on standard error, as one line unless more was requested, and returns the exit code. */
const report = (error: unknown, program: Command, words: readonly string[]): number => {
  if (error instanceof OutputClosed) return 0
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    // Without a command the help was printed.
    if (error.code === 'commander.help') return exitCode.USAGE
    const command = calledCommand(program, words)
    process.stderr.write(printable(usage(command, usageMessageOf(command, error))))
    return exitCode.USAGE
  }
  if (error instanceof RalphError && error.code === 'USAGE') {
    process.stderr.write(printable(usage(calledCommand(program, words), error.message)))
    return exitCode.USAGE
  }
  process.stderr.write(printable(`Error: ${messageOf(error)}\n`))
  if (isDebug(words) && error instanceof Error) process.stderr.write(printable(`${error.stack}\n`))
  return error instanceof RalphError ? exitCode[error.code] : exitCode.INTERNAL
}

/** The value of `--backend`, before the flags of that backend are known. Undefined: not given. */
const backendNamed = (words: readonly string[]): string | undefined => {
  for (const [index, word] of words.entries()) {
    if (word === '--') return undefined
    if (word === '-b' || word === '--backend') return words[index + 1]
    const [, name] = /^(?:--backend=|-b=?)(.+)$/.exec(word) ?? []
    if (name !== undefined) return name
  }
  return undefined
}

/** Adds the backend of a package, if the words name one that is not Ralph's own. */
const withThirdParty = async (composition: Composition): Promise<Composition> => {
  const name = composition.chosenBackend
  if (name === undefined || findBackend(composition.dataBackends, name) !== undefined) return composition
  const found = await composition.findDataBackend(name)
  return found === undefined ? composition : { ...composition, dataBackends: [...composition.dataBackends, found] }
}

/** Runs a command line. Resolves with the exit code of the process. */
export const run = async (words: readonly string[], composition: Composition): Promise<number> => {
  guardOutput()
  const given: Composition = { ...composition, chosenBackend: backendNamed(words) }
  let program = createProgram(given, words)
  try {
    if (calledCommand(program, words).name() !== 'runserver') {
      const complete = await withThirdParty(given)
      if (complete !== given) program = createProgram(complete, words)
    }
    await program.parseAsync(words, { from: 'user' })
    // Set by a command that reported a problem.
    return typeof process.exitCode === 'number' ? process.exitCode : 0
  } catch (error) {
    const code = report(error, program, words)
    await endAsInterrupted(error)
    return code
  }
}
