import { defineBackend } from '../define.ts'
import { s3Parameters } from './settings.ts'

export const s3 = defineBackend({
  name: 's3',
  data: {
    summary: 'objects of Amazon S3, or of another server with its API',
    driver: '@aws-sdk/client-s3',
    capabilities: {
      moves: 'bytes',
      list: true,
      read: true,
      write: ['create', 'index', 'update'],
      delete: true,
      history: true,
      query: 'the key of an object',
      target: 'list, read: a bucket; write: bucket/key, or a key in the default bucket'
    },
    parameters: s3Parameters,
    open: async (values, { clock, log }) => {
      const { openS3Data } = await import('./data.ts')
      return openS3Data({ ...values, clock, log })
    }
  }
})
