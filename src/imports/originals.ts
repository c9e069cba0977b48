import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { BytesBackend } from '../contracts/data-backend.ts'
import { RalphError } from '../errors.ts'
import type { StorePlace, StoreSettings } from '../settings/settings.ts'
import { createOnce } from '../storage/once.ts'
import { safeName } from './safe-name.ts'

/** The file store: original files, kept as long as the operator wants. Ralph never removes anything from it. */
export interface Originals {
  /** Whether files from this door are kept. */
  wants(door: string): boolean
  /** Keeps a file durably. Resolves with its name in the store. The same bytes with the same name are kept once. */
  keep(
    file: { readonly path: string; readonly filename: string; readonly sha256: string },
    signal: AbortSignal
  ): Promise<string>
  open(name: string, signal: AbortSignal): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

const storeName = 'the file store of RALPH_STORE__TARGET'

/** Invalid settings and an unreachable store say nothing about the file, which is kept later. */
const asKeepError = (error: unknown, filename: string): unknown => {
  if (!(error instanceof RalphError)) return error
  const code = error.code === 'STORE_FULL' ? 'STORE_FULL' : 'STORE_UNAVAILABLE'
  return new RalphError(
    code,
    `${storeName}: the original ${filename} cannot be kept: ${error.message}`,
    {},
    { cause: error }
  )
}

/** The bytes, if they still have the expected digest. */
async function* verified(path: string, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 17 })) {
    hash.update(chunk)
    yield chunk
  }
  // The backend writes an object whole or not at all, so wrong bytes never get a name.
  const found = hash.digest('hex')
  if (found !== sha256) throw new RalphError('STORE_CORRUPT', `${path} has the sha256 ${found}, not ${sha256}`)
}

const placeIn = (place: StorePlace, name: string): { readonly container: string | undefined; readonly key: string } =>
  place.kind === 'fs' ? { container: undefined, key: name } : { container: place.bucket, key: `${place.prefix}${name}` }

/** Opens the file store when it is first needed. */
export const createOriginals = (
  settings: StoreSettings,
  openBackend: (place: StorePlace) => Promise<BytesBackend>
): Originals => {
  const opening = createOnce<BytesBackend>()
  const backend = (): Promise<BytesBackend> => opening.get('store', () => openBackend(settings.place))
  return {
    wants: (door) => settings.doors.length === 0 || settings.doors.includes(door),
    keep: async ({ path, filename, sha256 }, signal) => {
      const name = `${sha256}/${safeName(filename)}`
      const { container, key } = placeIn(settings.place, name)
      const target = container === undefined ? key : `${container}/${key}`
      try {
        await (await backend()).write?.(verified(path, sha256), { target, operation: 'create', signal })
      } catch (error) {
        signal.throwIfAborted()
        // From an import of the same file, or a process that died before it recorded it.
        if (!(error instanceof RalphError) || error.code !== 'ALREADY_THERE') {
          throw asKeepError(error, filename)
        }
      }
      return name
    },
    async *open(name, signal) {
      const { container, key } = placeIn(settings.place, name)
      const options = container === undefined ? { signal } : { signal, target: container }
      yield* (await backend()).read?.(key, options) ?? []
    },
    close: async () => {
      for (const each of opening.all()) await (await each.catch(() => undefined))?.close()
    }
  }
}
