import type { Server } from 'node:http'

/**
 * A client that sends `Expect: 100-continue` is told to send the body when it is about to be read. By then version, credentials, path and
 * the announced length have been checked, so a refused body is never sent.
 */
export const continueWhenRead = (server: Server): void => {
  server.on('checkContinue', (request, response) => {
    const goOn = (event: string | symbol): void => {
      if (event !== 'data' && event !== 'readable') return
      request.off('newListener', goOn)
      if (!response.headersSent) response.writeContinue()
    }
    request.on('newListener', goOn)
    server.emit('request', request, response)
  })
}
