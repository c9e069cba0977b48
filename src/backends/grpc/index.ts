import { defineBackend } from '../define.ts'
import { grpcParameters } from './settings.ts'

export const grpc = defineBackend({
  name: 'grpc',
  data: {
    summary: 'statements of a Ralph server, over gRPC',
    driver: '@grpc/grpc-js',
    capabilities: {
      moves: 'records',
      list: false,
      read: true,
      write: ['create'],
      delete: false,
      history: false,
      query:
        'JSON with statementId, voidedStatementId, agent, verb, activity, registration, related_activities, related_agents, since, until, limit (in all), format, ascending, mine, follow, position',
      target: 'nothing: the store is that of the user'
    },
    parameters: grpcParameters,
    open: async (parameters, { log }) => {
      const { openGrpcData } = await import('./data.ts')
      return openGrpcData({ ...parameters, log })
    }
  }
})
