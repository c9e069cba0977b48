import { defineBackend } from '../define.ts'
import { mongoDataParameters, mongoParameters } from './settings.ts'

export const mongo = defineBackend({
  name: 'mongo',
  aliases: ['async_mongo'],
  lrs: {
    summary: 'a collection of MongoDB, as Ralph keeps it, for any number of servers',
    servers: 'any',
    parameters: mongoParameters,
    open: async (parameters, context) => {
      const { openMongo } = await import('./lrs.ts')
      return openMongo(parameters, context)
    },
    files: 'use the tools of MongoDB: mongodump of the whole database, with --oplog on a replica set'
  },
  data: {
    summary: 'collections of MongoDB',
    driver: 'mongodb',
    capabilities: {
      moves: 'records',
      list: true,
      read: true,
      write: ['index', 'create', 'update', 'delete'],
      delete: true,
      history: false,
      query: 'JSON with filter, limit, projection, sort',
      target: 'read, write: a collection; list, delete: a database'
    },
    parameters: mongoDataParameters,
    open: async ({ connectionUri, database, collection, timeout, clientOptions, documentClass }, { log }) => {
      if (documentClass !== undefined || clientOptions?.includes('document_class')) {
        log.warn('document_class is an option of the Python driver: it is accepted and has no effect here')
      }
      const { openMongoData } = await import('./data.ts')
      return openMongoData({ connectionUri, database, collection, timeout, log })
    }
  }
})
