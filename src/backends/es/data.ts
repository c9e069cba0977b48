import type { Listed, ListOptions, RecordsBackend, WriteOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { createPatience } from '../../network/patience.ts'
import { writeRecords } from '../../records/reconcile.ts'
import { statusOfClosed, storeClosed } from '../../storage/closed.ts'
import { createOnce } from '../../storage/once.ts'
import { connect, type EsRequest, refusalIn } from './connect.ts'
import { asError } from './data/errors.ts'
import { readHits } from './data/read.ts'
import { recordContainer } from './data/write.ts'
import { statementIndex } from './mappings.ts'
import type { Refresh } from './names.ts'
import { statusOf } from './status.ts'

export interface EsDataOptions {
  /** URLs of the nodes, with credentials. */
  readonly hosts: readonly string[]
  readonly index: string
  readonly allowYellowStatus: boolean
  /** Undefined: the index is refreshed once, when it is closed or read. */
  readonly refreshAfterWrite?: Refresh | undefined
  readonly keepAlive: string
  readonly caCerts?: string | undefined
  readonly verifyCerts: boolean
  readonly timeout: number
  readonly log: Log
}

const allowYellowVariable = 'RALPH_BACKENDS__DATA__ES__ALLOW_YELLOW_STATUS'

/** Records of a page. Elasticsearch returns no longer page. */
const chunkSizes = { default: 5000, most: 10_000 } as const

/** Requires the name of exactly one index, so that no other index is deleted with it. */
const requireName = (id: string): string => {
  if (!/[*?,\s]|^_all$|^-/.test(id) && id !== '') return id
  throw new RalphError('NOT_FOUND', `${JSON.stringify(id)} is not the name of one index`)
}

/**
 * Indices of an Elasticsearch cluster, version 8.1 or later, in the form of Python Ralph 5. The text of a record is stored and returned
 * unchanged. A missing index gets the mapping of an LRS: fields other than those of statements cannot make the mapping grow or contradict
 * each other in it.
 */
export const openEsData = async (options: EsDataOptions): Promise<RecordsBackend> => {
  const connection = connect(options)
  const patience = createPatience()
  /** Indices that were written to and may not be searchable yet. */
  const unrefreshed = new Set<string>()
  const present = createOnce<void>()
  let closing: Promise<void> | undefined

  const request = (wanted: EsRequest): Promise<Buffer> =>
    patience.run(async () => {
      const { status, bytes } = await connection.answer(wanted)
      if (status < 400 || wanted.expect?.includes(status)) return bytes
      throw asError(refusalIn(status, bytes), connection.address)
    }, wanted.signal)

  /** If Ralph may not create the index, the write creates it or fails with the reason. */
  const makeIndex = async (index: string): Promise<void> => {
    const { status } = await connection.answer({ method: 'HEAD', path: [index], kind: 'read' })
    if (status === 404) {
      await connection.answer({ method: 'PUT', path: [index], body: statementIndex, kind: 'prepare' })
    }
  }

  /** The refresh is requested only once. After the command ends, everything that it wrote is searchable. */
  const refresh = async (): Promise<void> => {
    for (const index of unrefreshed) {
      unrefreshed.delete(index)
      try {
        const wanted = { method: 'POST', path: [index, '_refresh'], kind: 'prepare' } as const
        const { status, bytes } = await connection.answer(wanted)
        if (status >= 400 && status !== 404) throw asError(refusalIn(status, bytes), connection.address)
      } catch (error) {
        const why = messageOf(error)
        options.log.warn(`What was written to ${index} may be searchable only a moment later: ${why}`)
      }
    }
  }

  async function* list({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const bytes = await request({ method: 'GET', path: [target ?? '*'], kind: 'read', signal })
    // The answer of Elasticsearch.
    const indices = JSON.parse(bytes.toString()) as { readonly [name: string]: unknown }
    for (const [id, about] of Object.entries(indices).sort(([one], [other]) => (one < other ? -1 : 1))) {
      yield { id, details: { [id]: about } }
    }
  }

  const write = async (batch: Parameters<NonNullable<RecordsBackend['write']>>[0], wanted: WriteOptions) => {
    if (closing) throw storeClosed()
    const index = wanted.target ?? options.index
    if (wanted.operation === 'index' || wanted.operation === 'create') {
      await present.get(index, () => patience.run(() => makeIndex(index)))
    }
    if (options.refreshAfterWrite === undefined) unrefreshed.add(index)
    const container = recordContainer({ connection, index, refresh: options.refreshAfterWrite }, wanted)
    return patience.run(() => writeRecords(container, batch, wanted.operation), wanted.signal)
  }

  const allowYellow = { variable: allowYellowVariable, isAllowed: options.allowYellowStatus }

  return {
    moves: 'records',
    status: async (callOptions = {}) => (closing ? statusOfClosed : statusOf(connection, allowYellow, callOptions)),
    list,
    read: async function* (query, wanted) {
      await refresh()
      const chunkSize = Math.min(wanted.chunkSize ?? chunkSizes.default, chunkSizes.most)
      const { index, keepAlive } = options
      yield* readHits({ connection, patience, index, keepAlive }, query, { ...wanted, chunkSize })
    },
    write,
    delete: async (id, { signal }) => {
      await request({ method: 'DELETE', path: [requireName(id)], kind: 'prepare', signal })
      unrefreshed.delete(id)
      present.forget(id)
      return { deleted: 1 }
    },
    close: () => {
      closing ??= refresh().finally(() => connection.close())
      return closing
    }
  }
}
