import { defineData } from '../define-data.ts'
import { esDataParameters } from './settings.ts'

export const esData = defineData({
  name: 'es',
  aliases: ['async_es'],
  summary: 'indices of Elasticsearch',
  driver: '@elastic/elasticsearch',
  capabilities: {
    moves: 'records',
    list: true,
    read: true,
    write: ['index', 'create', 'update', 'delete'],
    delete: true,
    history: false,
    query: 'JSON with q, query, pit, size, sort, search_after, track_total_hits; or a query in the syntax of Lucene',
    target: 'read: indices; write: an index; list: a pattern of indices'
  },
  parameters: esDataParameters,
  open: async ({ clientOptions, caCerts, verifyCerts, pointInTimeKeepAlive, ...parameters }, { log }) => {
    const { openEsData } = await import('./data.ts')
    return openEsData({
      ...parameters,
      keepAlive: pointInTimeKeepAlive,
      caCerts: caCerts ?? clientOptions?.caCerts,
      verifyCerts: verifyCerts ?? clientOptions?.verifyCerts ?? true,
      log
    })
  }
})
