import { type Command, Option } from 'commander'
import { type DescriptionFormat, descriptionFormats } from '../../settings/describe.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { sectionsOf } from '../sections.ts'

/** `ralph settings`: lists all settings and their values. */
export const declareSettings = (program: Command, composition: Composition): void => {
  program
    .command('settings')
    .summary('list all settings')
    .description('Prints every setting: its variable, its default, its meaning and its value.')
    .addOption(new Option('-f, --format <format>', 'how').choices(descriptionFormats).default('text'))
    .action(async ({ format }: { readonly format: DescriptionFormat }, command: Command) => {
      const { describeSettings } = await import('../../settings/describe.ts')
      const { sources } = settingsOf(command, composition)
      process.stdout.write(describeSettings(sectionsOf(composition), format, sources))
    })
}
