import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BytesBackend } from '../../contracts/data-backend.ts'
import { RalphError } from '../../errors.ts'
import type { HandlerConfig } from '../config.ts'
import { containersOf, type OpenObjects, s3Values, swiftValues } from '../data-stores.ts'
import { type RunningHandler, withinTime } from '../running-handler.ts'
import { optionalTextAt, textAt } from '../values.ts'

export interface StoreContext {
  readonly place: string
  readonly directory: string
  readonly openObjects: OpenObjects
}

interface Kept {
  readonly backend: BytesBackend
  /** The place of an object with this name. */
  targetOf(name: string): string
}

const open = async ({ block }: HandlerConfig, { place, directory, openObjects }: StoreContext): Promise<Kept> => {
  const to = textAt(block, 'to', place, 'disk')
  const prefix = textAt(block, 'prefix', place, '')
  if (to === 'disk') {
    const chosen = optionalTextAt(block, 'directory', place)
    if (chosen === undefined) throw new RalphError('INVALID_SETTING', `${place} needs a directory`)
    const path = resolve(directory, chosen)
    await mkdir(path, { recursive: true, mode: 0o700 })
    const backend = await openObjects('fs', { DEFAULT_DIRECTORY_PATH: path })
    return { backend, targetOf: (name) => join(path, `${prefix}${name}`) }
  }
  if (to !== 's3' && to !== 'swift') {
    throw new RalphError('INVALID_SETTING', `${place}.to is ${JSON.stringify(to)}; known are disk, s3, swift`)
  }
  const [container, ...others] = containersOf(block, place) ?? []
  if (container === undefined || others.length > 0) {
    throw new RalphError('INVALID_SETTING', `${place} needs one ${to === 's3' ? 'bucket' : 'container in containers'}`)
  }
  const values = to === 's3' ? s3Values(block, place) : swiftValues(block, place)
  return { backend: await openObjects(to, values), targetOf: (name) => `${container}/${prefix}${name}` }
}

/** The handler `store`: keeps the data of each message under its uuid. A message that comes again replaces what it brought. */
export const storeHandler = async (config: HandlerConfig, context: StoreContext): Promise<RunningHandler> => {
  const { name, supportedMime, block } = config
  const { backend, targetOf } = await open(config, context)
  return {
    name,
    supportedMime,
    run: withinTime(block, context.place, async ({ message, data }, signal) => {
      const content = createReadStream(data, { highWaterMark: 2 ** 17 })
      // It may fail before anybody reads it: `write` says so.
      content.on('error', () => {})
      try {
        await backend.write?.(content, { operation: 'update', target: targetOf(message.uuid), signal })
      } finally {
        content.destroy()
      }
    }),
    close: () => backend.close()
  }
}
