import type { Command } from 'commander'
import { printable } from '../../telemetry/printable.ts'
import type { Composition } from '../composition.ts'
import { addBackendOptions, withPlace } from '../data-command.ts'
import { statusLine, statusOf } from '../place-status.ts'

/** `ralph status`: whether a backend can be used. */
export const declareStatus = (program: Command, composition: Composition): void => {
  const command = program
    .command('status')
    .summary('check the status of a backend')
    .description('Prints ok, away (unreachable) or error, and the problem. Exit code 0 only if it is ok.')
  addBackendOptions(command, composition, () => true).action(async (flags: { readonly backend: string }) => {
    await withPlace(
      command,
      composition,
      { name: flags.backend, require: () => {} },
      async ({ choice, backend, signal }) => {
        const status = await statusOf(backend, choice.name, signal)
        process.stdout.write(printable(`${statusLine(status)}\n`))
        if (status.state !== 'ok') process.exitCode = 1
      }
    )
  })
}
