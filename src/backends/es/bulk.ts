import { setTimeout } from 'node:timers/promises'
import type { Connection } from './connect.ts'
import { isBusy, type Refusal, refusalOf } from './errors.ts'
import type { DocumentVersion } from './multi-get.ts'

/** One or two lines of a bulk request. */
export interface BulkAction {
  readonly index: string
  readonly id: string
  /** JSON text on one line. Undefined: the document is deleted. */
  readonly source?: string
  /** The expected state: this version, no document (`create`), or any. */
  readonly expects: DocumentVersion | 'nothing' | 'anything'
}

export interface RefusedBulkAction {
  readonly action: BulkAction
  readonly refusal: Refusal
}

/** Characters of one request. Elasticsearch refuses requests of 100 MB, and holds a request in memory. */
const maxCharacters = 6_000_000

/** Waits in milliseconds before actions that Elasticsearch had no room for are sent again. */
const pauses = [20, 80, 300, 1000]

const linesOf = ({ index, id, source, expects }: BulkAction): string => {
  const operation = source === undefined ? 'delete' : expects === 'nothing' ? 'create' : 'index'
  const version = typeof expects === 'string' ? {} : { if_seq_no: expects.seqNo, if_primary_term: expects.term }
  const header = `{"${operation}":${JSON.stringify({ _index: index, _id: id, ...version })}}\n`
  return source === undefined ? header : `${header}${source}\n`
}

interface BulkItem {
  readonly status: number
  readonly error?: unknown
}

interface BulkAnswer {
  readonly errors: boolean
  readonly items: readonly { readonly [operation: string]: BulkItem }[]
}

/** Splits actions into requests of a suitable size, in order. */
function* requestsOf(actions: readonly BulkAction[]): Generator<{ actions: BulkAction[]; lines: string }> {
  let some: BulkAction[] = []
  let lines: string[] = []
  let size = 0
  for (const action of actions) {
    const line = linesOf(action)
    if (size + line.length > maxCharacters && some.length > 0) {
      yield { actions: some, lines: lines.join('') }
      some = []
      lines = []
      size = 0
    }
    some.push(action)
    lines.push(line)
    size += line.length
  }
  if (some.length > 0) yield { actions: some, lines: lines.join('') }
}

const send = async (
  connection: Connection,
  { actions, lines }: { readonly actions: readonly BulkAction[]; readonly lines: string },
  query: Readonly<Record<string, string>>
): Promise<RefusedBulkAction[]> => {
  const request = {
    method: 'POST',
    path: ['_bulk'],
    query: { timeout: connection.answerTime, ...query },
    lines,
    kind: 'write',
    expect: [429]
  } as const
  const { body } = await connection.ask(request)
  // The answer of Elasticsearch to a bulk request.
  const { errors, items } = body as BulkAnswer
  if (!errors) return []
  return actions.flatMap((action, at) => {
    const [item] = Object.values(items[at] ?? {})
    return item?.error === undefined ? [] : [{ action, refusal: refusalOf(item.status, item.error) }]
  })
}

/**
 * Carries out actions durably and returns the refused ones. Actions that Elasticsearch has no room for are sent again for a second or two.
 * `before` is called before each request and may throw.
 */
export const bulk = async (
  connection: Connection,
  actions: readonly BulkAction[],
  {
    before = async () => {},
    query = {}
  }: { before?: () => Promise<void>; query?: Readonly<Record<string, string>> } = {}
): Promise<RefusedBulkAction[]> => {
  const refused: RefusedBulkAction[] = []
  let next = actions
  for (const pause of [...pauses, undefined]) {
    const busy: RefusedBulkAction[] = []
    for (const request of requestsOf(next)) {
      await before()
      for (const each of await send(connection, request, query)) {
        if (isBusy(each.refusal)) busy.push(each)
        else refused.push(each)
      }
    }
    if (busy.length === 0 || pause === undefined) return [...refused, ...busy]
    next = busy.map(({ action }) => action)
    await setTimeout(pause)
  }
  return refused
}
