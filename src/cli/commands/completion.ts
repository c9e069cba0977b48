import { Argument, type Command } from 'commander'
import { type Shell, shells } from '../completion-scripts.ts'
import type { Composition } from '../composition.ts'

/** `ralph completion` prints the script with which a shell completes words; the script calls `ralph complete`. */
export const declareCompletion = (program: Command, composition: Composition): void => {
  program
    .command('completion')
    .summary('print the completion script for your shell')
    .description(
      'Prints the script with which a shell completes commands, flags and backends. Its first line says where to put it.'
    )
    .addArgument(new Argument('<shell>', 'which').choices(shells))
    .action(async (shell: Shell) => {
      const { completionScripts } = await import('../completion-scripts.ts')
      process.stdout.write(completionScripts[shell])
    })
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('../complete.ts')
      for (const { value, meaning } of complete(program, words, composition)) {
        process.stdout.write(`${value}\t${meaning.replace(/\s+/g, ' ')}\n`)
      }
    })
}
