import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { unlimited } from '../../src/downloads/bandwidth.ts'
import { type DownloadOptions, download } from '../../src/downloads/download.ts'

export const aDirectory = (t: Test): string => {
  const directory = mkdtempSync(join(tmpdir(), 'ralph-downloads-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface CountingServer {
  readonly url: string
  /** What was asked for, in order. */
  readonly requests: IncomingMessage[]
}

/** A plain HTTP server that counts. */
export const countingServer = async (
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => void
): Promise<CountingServer> => {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** Answers as a server of files does: ETag, Range and If-Range. `cut`: breaks the connection after so many bytes. */
export const serve = (
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  { etag = '"1"', cut }: { readonly etag?: string; readonly cut?: number | undefined } = {}
): void => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const isPart = from > 0 && request.headers['if-range'] === etag
  const body = isPart ? content.subarray(from) : content
  response.writeHead(isPart ? 206 : 200, {
    etag,
    'content-length': body.length,
    ...(isPart ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {})
  })
  if (cut === undefined || cut >= body.length) response.end(body)
  else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20))
}

/** Downloads with the defaults, from a cache of the test's own. */
export const downloader = (t: Test, more: Partial<DownloadOptions> = {}) => {
  const directory = join(aDirectory(t), 'downloads')
  return (url: string, to?: string, some: Partial<DownloadOptions> = {}): Promise<string> =>
    download(url, to, {
      directory,
      expiration: 300_000,
      purge: 600_000,
      enabled: true,
      unarchive: true,
      now: Date.now,
      maxSize: 2 ** 26,
      limits: { maxEntries: 1000, maxUnpackedSize: 2 ** 26, maxRatio: 200, maxDepth: 2 },
      variables: 'RALPH_DOWNLOADMANAGER__',
      bandwidth: unlimited,
      timeout: 10_000,
      openObjects: async () => {
        throw new Error('no S3 here')
      },
      ...more,
      ...some
    })
}
