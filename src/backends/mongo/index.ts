import { defineData } from '../define-data.ts'
import { mongoDataParameters } from './settings.ts'

export const mongoData = defineData({
  name: 'mongo',
  aliases: ['async_mongo'],
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
      log.warn('document_class is an option of the driver of Python: it is taken, and changes nothing here')
    }
    const { openMongoData } = await import('./data.ts')
    return openMongoData({ connectionUri, database, collection, timeout, log })
  }
})
