/** The mappings and settings of all indices, as Elasticsearch takes them. */

export interface Mapping {
  readonly type?: string
  readonly dynamic?: unknown
  readonly enabled?: boolean
  readonly properties?: { readonly [field: string]: Mapping }
  readonly fields?: { readonly [field: string]: Mapping }
  readonly _meta?: { readonly [key: string]: unknown }
  readonly [parameter: string]: unknown
}

export interface IndexDefinition {
  readonly settings: { readonly [setting: string]: unknown }
  readonly mappings: Mapping
}

/** Lucene takes no longer term: 32,766 bytes, up to four for a character. */
const longestKeyword = 8191

/** As dynamic mapping would have it for Ralph, which asks `….keyword`; beside that, nothing is kept twice. */
const keyword: Mapping = {
  type: 'keyword',
  index: false,
  doc_values: false,
  fields: { keyword: { type: 'keyword', ignore_above: longestKeyword } }
}

/** What is no date that Elasticsearch knows is kept, and not found by its time. */
const date: Mapping = { type: 'date', ignore_malformed: true }

const agent: { readonly [field: string]: Mapping } = {
  mbox: keyword,
  mbox_sha1sum: keyword,
  openid: keyword,
  account: { properties: { name: keyword, homePage: keyword } }
}

const context: Mapping = { properties: { instructor: { properties: agent }, team: { properties: agent } } }

/**
 * What Ralph 5 filters and sorts by, and nothing else: extensions can neither make the mapping grow nor contradict
 * each other in it. Nothing that it says can keep a valid statement from being stored.
 */
export const statementMapping: Mapping = {
  dynamic: false,
  properties: {
    actor: { properties: agent },
    authority: { properties: agent },
    verb: { properties: { id: keyword } },
    object: {
      properties: {
        id: keyword,
        ...agent,
        actor: { properties: agent },
        object: { properties: agent },
        context
      }
    },
    context,
    timestamp: date,
    stored: date
  }
}

/** A copy on another node wherever there is one, and a green status where there is none. */
const copies = { auto_expand_replicas: '0-1' }

export const statementIndex: IndexDefinition = { settings: { index: copies }, mappings: statementMapping }

/** Longer than the longest page. */
const window = 200_000

/** An index of ours tells by this that it is, and how it is laid out. */
export const layout = 1

const meta = { ralph: { layout } }

/** Of what is only searched by. */
const term: Mapping = { type: 'keyword', doc_values: false }
const point: Mapping = { type: 'long', doc_values: false }
/** Of what is only read. */
const value = (type: string): Mapping => ({ type, index: false })

/**
 * Newest first on disk, too: a search for the newest that have a token ends as soon as it has a page of them. A field
 * that is not here is kept, and not searched by (`relations.ts`).
 */
export const relationIndex: IndexDefinition = {
  settings: {
    index: {
      ...copies,
      hidden: true,
      max_result_window: window,
      sort: { field: 'stored', order: 'desc' }
    }
  },
  mappings: {
    _meta: meta,
    dynamic: false,
    properties: {
      space: term,
      stored: { type: 'long' },
      id: value('keyword'),
      size: value('integer'),
      at: { ...value('keyword'), ignore_above: longestKeyword },
      restamped: value('boolean'),
      tokens: term,
      added: term,
      round: { type: 'long' },
      changedAt: { type: 'long' },
      voided: { type: 'boolean', doc_values: false },
      voidedAt: point
    }
  }
}

export const keptIndex: IndexDefinition = {
  settings: { index: { ...copies, hidden: true, max_result_window: window } },
  mappings: {
    _meta: meta,
    dynamic: false,
    properties: {
      space: term,
      scopes: term,
      key: value('keyword'),
      updated: point,
      since: point
    }
  }
}

/**
 * What an index lacks of what is wanted, as a mapping that can be put on it: fields that are there stay as they are,
 * but dates learn to take anything. Undefined: nothing.
 */
export const missingIn = (present: Mapping, wanted: Mapping): Mapping | undefined => {
  const properties = missingProperties(present, wanted)
  const isDynamic = wanted.dynamic !== undefined && String(present.dynamic) !== String(wanted.dynamic)
  if (properties === undefined && !isDynamic) return undefined
  return { ...(isDynamic ? { dynamic: wanted.dynamic } : {}), ...(properties === undefined ? {} : { properties }) }
}

const missingProperties = (present: Mapping, wanted: Mapping): Mapping['properties'] => {
  const missing: { [field: string]: Mapping } = {}
  for (const [field, mapping] of Object.entries(wanted.properties ?? {})) {
    const there = present.properties?.[field]
    if (there === undefined) missing[field] = mapping
    else if (there.type === 'date' && mapping.type === 'date') {
      if (there.ignore_malformed !== true) missing[field] = { ...there, ignore_malformed: true }
    } else if (there.properties !== undefined && mapping.properties !== undefined) {
      const properties = missingProperties(there, mapping)
      if (properties !== undefined) missing[field] = { properties }
    }
  }
  return Object.keys(missing).length === 0 ? undefined : missing
}
