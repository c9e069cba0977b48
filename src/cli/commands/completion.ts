import { Argument, type Command } from 'commander'
import { type Shell, shells } from '../completion-scripts.ts'
import type { Composition } from '../composition.ts'

/** `ralph completion`: what makes a shell complete Ralph's words; `ralph complete`, which it asks. */
export const declareCompletion = (program: Command, composition: Composition): void => {
  program
    .command('completion')
    .summary('make your shell complete the words of ralph')
    .description(
      'Prints what a shell needs to complete commands, flags and backends; its first line says where to put it.'
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
