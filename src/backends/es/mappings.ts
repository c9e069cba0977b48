/** The mappings and settings of all indices, in the form of Elasticsearch. */

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

/** Lucene accepts no longer term: 32,766 bytes, up to four for a character. */
const longestKeyword = 8191

/** The form that dynamic mapping would give, because Python Ralph queries `….keyword`. Only this value is stored twice. */
const keyword: Mapping = {
  type: 'keyword',
  index: false,
  doc_values: false,
  fields: { keyword: { type: 'keyword', ignore_above: longestKeyword } }
}

/** A value that Elasticsearch does not accept as a date is stored, but it is not found by its time. */
const date: Mapping = { type: 'date', ignore_malformed: true }

const agent: { readonly [field: string]: Mapping } = {
  mbox: keyword,
  mbox_sha1sum: keyword,
  openid: keyword,
  account: { properties: { name: keyword, homePage: keyword } }
}

const context: Mapping = { properties: { instructor: { properties: agent }, team: { properties: agent } } }

/**
 * The fields by which Python Ralph 5 filters and sorts, and no others. Extensions cannot make the mapping grow or contradict each other in
 * it. Nothing in the mapping keeps a valid statement from being stored.
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

/** A copy on another node if there is another node, and a green status if there is none. */
const copies = { auto_expand_replicas: '0-1' }

export const statementIndex: IndexDefinition = { settings: { index: copies }, mappings: statementMapping }

/** Longer than the longest page. */
const window = 200_000

/** The version of the layout. It also marks an index as one of ours. */
export const layout = 1

const meta = { ralph: { layout } }

/** A field that is only searched. */
const term: Mapping = { type: 'keyword', doc_values: false }
const point: Mapping = { type: 'long', doc_values: false }
/** A field that is only read. */
const value = (type: string): Mapping => ({ type, index: false })

/**
 * Sorted newest first on disk too: a search for the newest statements with a token ends as soon as its page is full. A field that is not
 * listed here is stored but not searchable (`relations.ts`).
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
 * The part of `wanted` that `present` lacks, as a mapping that can be put on the index. Existing fields stay unchanged, but date fields
 * learn to accept malformed values. Undefined: nothing is missing.
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
