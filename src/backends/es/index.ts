import { defineBackend } from '../define.ts'
import { esDataParameters, esParameters } from './settings.ts'

export const es = defineBackend({
  name: 'es',
  aliases: ['async_es'],
  lrs: {
    summary: 'an index of Elasticsearch, as Ralph keeps it, for any number of servers',
    servers: 'any',
    parameters: esParameters,
    open: async ({ clientOptions, caCerts, verifyCerts, ...parameters }, context) => {
      const { openEs } = await import('./lrs.ts')
      const options = {
        caCerts: caCerts ?? clientOptions?.caCerts,
        verifyCerts: verifyCerts ?? clientOptions?.verifyCerts ?? true
      }
      return openEs({ ...parameters, ...options }, context)
    },
    files: 'Elasticsearch has snapshots of its own: take one of the index, its companions and those of the targets'
  },
  data: {
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
  }
})
