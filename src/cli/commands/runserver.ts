import { type Command, Option } from 'commander'
import { flagValues } from '../../settings/load.ts'
import { readSources } from '../../settings/sources.ts'
import type { Composition } from '../composition.ts'
import { demoAppDir } from '../demo.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { serverSections } from '../sections.ts'
import { optionsOf } from '../setting-options.ts'

/** `npm start`: the directory and the user of the tutorial, only on this machine. */
const demoDefaults = new Map([
  ['RALPH_APP_DIR', demoAppDir],
  ['RALPH_RUNSERVER_HOST', '127.0.0.1']
])

/** `ralph runserver`: every setting of the server is a flag. */
export const declareRunserver = (program: Command, composition: Composition): void => {
  const sections = serverSections(composition)
  const command = program
    .command('runserver')
    .summary('run the LRS')
    .description('Runs the LRS. Each flag overrides the variable in brackets.')
  for (const { title, group } of sections) {
    for (const setting of Object.values(group)) {
      if (setting.flag === 'verbosity') continue
      for (const option of optionsOf(setting, title)) command.addOption(option)
    }
  }
  command.option('--demo', 'listen on 127.0.0.1 and use ./.ralph as application directory, unless otherwise set')
  command.action(async (given: Readonly<Record<string, string | boolean | undefined>>) => {
    const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
    const attribute = (flag: string): string => new Option(`--${flag}`).attributeName()
    const groups = sections.map(({ group }) => group)
    const flags = flagValues(groups, (flag) => all[attribute(flag)])
    hideSecrets(command, groups, flags)
    await composition.serve(readSources(flags, given.demo === true ? demoDefaults : undefined))
  })
}
