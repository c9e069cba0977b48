import type { Server } from 'node:http'

/**
 * Who asks first (`Expect: 100-continue`) is told to send the body when it is about to be read. By then version,
 * credentials, path and the length that was announced were judged: a body that is refused is not sent at all.
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
