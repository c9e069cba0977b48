import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { RalphError } from '../../errors.ts'
import { listenersGroup } from '../../settings/listeners.ts'
import { flagValues } from '../../settings/load.ts'
import { createReader } from '../../settings/read.ts'
import { processEnvironment } from '../../settings/sources.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { interruptible } from '../interruption.ts'
import { optionsOf } from '../setting-options.ts'

/** `ralph listen`: receives messages of a broker that announce data, and passes the data to handlers. */
export const declareListen = (program: Command, composition: Composition): void => {
  const command = program
    .command('listen')
    .summary('import what a message broker announces')
    .description(
      'Listens to message brokers. A message says where data is. Ralph fetches it, with its metadata, and passes both to ' +
        'handlers: the LRS, or your own modules. The table messages has the status of each message. SIGTERM waits for running handlers.'
    )
  for (const setting of Object.values(listenersGroup)) {
    for (const option of optionsOf(setting, 'Listeners')) command.addOption(option)
  }
  command.action(async () => {
    const given = command.opts<Readonly<Record<string, string | undefined>>>()
    const values = flagValues([listenersGroup], (flag) => given[new Option(`--${flag}`).attributeName()])
    const { sources, general, log } = settingsOf(command, composition, Object.fromEntries(values))
    const reader = createReader(sources)
    const { config, directory, only, host, port } = reader.read(listenersGroup)
    reader.finish()
    const { readPipelines } = await import('../../listeners/config.ts')
    const path = values.has('CFG_FILE') ? resolve(config) : resolve(directory ?? '.', config)
    const pipelines = await readPipelines(path, { environment: processEnvironment(), directory, only })
    const { tempDir } = general
    const door = port === undefined ? undefined : { host, port }
    await interruptible((signal) => composition.listen(pipelines, { sources, log, tempDir, signal, door })).catch(
      (error: unknown) => {
        // It has no end of its own, so a signal is its normal end.
        if (!(error instanceof RalphError) || error.code !== 'INTERRUPTED') throw error
        log.info(`stopped by ${error.details.signal}`)
      }
    )
  })
}
