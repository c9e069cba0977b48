import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { RalphError } from '../../errors.ts'
import { networkReason } from '../../network/retry.ts'
import type { HandlerConfig } from '../config.ts'
import { type RunningHandler, withinTime } from '../running-handler.ts'
import { HandlerFailure } from '../threads.ts'
import { blockAt, optionalTextAt } from '../values.ts'

/** Answers that another attempt may change: nobody was asked yet, or somebody is to mend something over there. */
const mayChange = (status: number): boolean => status >= 500 || [401, 403, 404, 407, 408, 425, 429].includes(status)

/** Of an answer, in characters. */
const longestReason = 300

const headersOf = ({ block }: HandlerConfig, place: string): Readonly<Record<string, string>> => {
  const headers = blockAt(block, 'headers', place)
  const user = optionalTextAt(block, 'username', place)
  const password = optionalTextAt(block, 'password', place) ?? ''
  const basic =
    user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  const given = Object.keys(headers).map((name) => [
    name.toLowerCase(),
    optionalTextAt(headers, name, `${place}.headers`) ?? ''
  ])
  return { ...basic, ...Object.fromEntries(given) }
}

const urlOf = ({ block }: HandlerConfig, place: string): URL => {
  const given = optionalTextAt(block, 'url', place)
  const url = given !== undefined && URL.canParse(given) ? new URL(given) : undefined
  if (url !== undefined && url.username === '' && ['http:', 'https:'].includes(url.protocol)) return url
  throw new RalphError('INVALID_SETTING', `${place}.url must be an http:// or https:// URL without credentials`)
}

/**
 * The handler `forward`: sends the data of each message by POST. Another LRS takes statements so: sent twice, they are
 * there once.
 */
export const forwardHandler = (config: HandlerConfig, place: string): RunningHandler => {
  const { name, supportedMime, block } = config
  const [url, own] = [urlOf(config, place), headersOf(config, place)]
  const post = async (path: string, type: string, uuid: string, signal: AbortSignal) => {
    const { size } = await stat(path)
    const content = createReadStream(path, { highWaterMark: 2 ** 17 })
    const headers = {
      'content-type': type,
      'content-length': String(size),
      'x-experience-api-version': '1.0.3',
      'idempotency-key': uuid,
      ...own
    }
    try {
      const body = Readable.toWeb(content)
      const answer = await fetch(url, { method: 'POST', body, duplex: 'half', headers, signal, redirect: 'error' })
      const text = await answer.text()
      return { status: answer.status, text: text.slice(0, longestReason) }
    } catch (error) {
      throw new HandlerFailure(`${url.host} cannot be reached: ${networkReason(error)}`, false)
    } finally {
      content.destroy()
    }
  }
  return {
    name,
    supportedMime,
    run: withinTime(block, place, async ({ message, data }, signal) => {
      const { status, text } = await post(data, message.type, message.uuid, signal)
      if (status >= 200 && status < 300) return
      throw new HandlerFailure(`${url.host} answers ${status}: ${text}`, !mayChange(status))
    }),
    close: async () => {}
  }
}
