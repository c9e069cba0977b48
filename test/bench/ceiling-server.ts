import { readFileSync } from 'node:fs'
import fastify from 'fastify'

/**
 * The ceiling of any LRS on Fastify: it parses a body and answers the ids, and it sends a page that it has in memory.
 * `node ceiling-server.ts <file with the page>`; tells its URL to the parent process.
 */
const page = readFileSync(process.argv[2] ?? '')
const server = fastify({ bodyLimit: 2 ** 26 })

const idOf = (statement: unknown): unknown =>
  typeof statement === 'object' && statement !== null && 'id' in statement ? statement.id : undefined

server.post('/xAPI/statements', async ({ body }) => (Array.isArray(body) ? body.map(idOf) : [idOf(body)]))
server.get('/xAPI/statements', async (_request, reply) => reply.type('application/json').send(page))

process.send?.(await server.listen({ host: '127.0.0.1', port: 0 }))
process.once('disconnect', () => server.close())
