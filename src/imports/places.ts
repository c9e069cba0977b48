import type { DataBackend } from '../contracts/data-backend.ts'
import type { ImportHandler, ObjectHandler, OpenImportPlace } from '../contracts/imports.ts'
import { createOnce } from '../storage/once.ts'
import { dataHandler } from './handlers/data.ts'
import { objectHandler } from './handlers/object.ts'
import type { KeptImport } from './kept.ts'

/** The places in data backends that imports go to. Each is opened when it is first needed. */
export interface Places {
  handler(kept: Pick<KeptImport, 'destination' | 'instructions'>): Promise<ImportHandler | ObjectHandler>
  close(): Promise<void>
}

export const createPlaces = (open: OpenImportPlace): Places => {
  const opening = createOnce<DataBackend>()
  return {
    handler: async ({ destination: name, instructions }) => {
      // A record of before places were kept names its backend only.
      const place = instructions.place ?? { backend: name, values: {}, secrets: [] }
      const { target, ...where } = place
      const backend = await opening.get(JSON.stringify(where), () => open(place))
      return backend.moves === 'records'
        ? dataHandler({ name, target, backend })
        : objectHandler({ name, target, backend })
    },
    close: async () => {
      for (const each of opening.all()) await (await each.catch(() => undefined))?.close()
    }
  }
}
