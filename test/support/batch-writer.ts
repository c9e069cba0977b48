import { writeSync } from 'node:fs'
import { aClock } from './clock.ts'
import { openers } from './openers.ts'
import { aBatch, anAttachment, anId, aStatement, refTo } from './statements.ts'

/**
 * node batch-writer.ts <backend> <directory> <first>
 *
 * Stores batches as fast as it can until it is killed, and says of each, once it is acknowledged: its number, which is
 * also the registration of its statements, and how many statements it has. `first` is the number of the first batch.
 */
const [name = '', directory = '', first = '0'] = process.argv.slice(2)

export const registrationOf = (batch: number): string => `00000000-0000-4000-8000-${String(batch).padStart(12, '0')}`

/** One to twelve, and now and then so many that others have their turn before all are written. */
export const sizeOf = (batch: number): number => (batch % 24 === 11 ? 700 : 1 + ((batch * 7) % 12))

export const contentOf = (batch: number): Uint8Array => Buffer.alloc(1 + (batch % 5) * 1000, `batch ${batch} `)

export const documentsOf = { kind: 'activity-profile', activity: 'https://course.example.org/batches' } as const

const write = async (): Promise<void> => {
  const clock = aClock()
  const backend = await openers[name]?.(directory, {
    clock: clock.now,
    appDir: directory,
    warn: (message) => process.stderr.write(`${message}\n`)
  })
  if (backend === undefined) throw new TypeError(`there is no backend ${name}`)
  const { statements, documents } = await backend.store()
  let next = Number(first)
  const writeBatches = async (): Promise<never> => {
    while (true) {
      const batch = next
      next += 1
      const ids = Array.from({ length: sizeOf(batch) }, anId)
      const context = { registration: registrationOf(batch) }
      const all = ids.map((id, index) =>
        aStatement({ id, context, ...(index % 3 === 2 ? { object: refTo(ids[index - 1] ?? id) } : {}) })
      )
      await statements.insert({ ...aBatch(...all), attachments: [anAttachment(contentOf(batch))] })
      await documents.change({ ...documentsOf, id: String(batch) }, () => ({
        content: contentOf(batch),
        contentType: 'text/plain'
      }))
      writeSync(1, `${batch} ${all.length}\n`)
    }
  }
  await Promise.all([1, 2, 3, 4].map(writeBatches))
}

if (process.argv[1] === import.meta.filename) await write()
