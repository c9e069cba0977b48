import { queryHelp } from '../../records/json-query.ts'
import { lrsQuery } from '../../records/statements-query.ts'
import { defineBackend } from '../define.ts'
import { mergeHeaders } from './headers.ts'
import { lrsParameters } from './settings.ts'

/** The headers of every request, unless the settings change them. */
const usualHeaders = { 'X-Experience-API-Version': '1.0.3', 'Content-Type': 'application/json' }

export const lrs = defineBackend({
  name: 'lrs',
  aliases: ['async_lrs'],
  data: {
    summary: 'statements of any LRS, over HTTP',
    capabilities: {
      moves: 'records',
      list: false,
      read: true,
      write: ['create'],
      delete: false,
      history: false,
      query: queryHelp(lrsQuery, { limit: 'of a page' }),
      target: 'the path of the statements, as /xAPI/statements'
    },
    parameters: lrsParameters,
    open: async (parameters, { log }) => {
      const { openLrsData } = await import('./data.ts')
      const { baseUrl, headers: given, versionHeader, contentType, ...others } = parameters
      const username = others.username ?? baseUrl.username ?? 'ralph'
      const password = others.password ?? baseUrl.password ?? 'secret'
      const headers = mergeHeaders(
        usualHeaders,
        { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
        versionHeader === undefined ? {} : { 'X-Experience-API-Version': versionHeader },
        contentType === undefined ? {} : { 'Content-Type': contentType },
        given
      )
      return openLrsData({ ...others, baseUrl: baseUrl.href, headers, log })
    }
  }
})
