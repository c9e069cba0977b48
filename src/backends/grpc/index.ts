import { RalphError } from '../../errors.ts'
import { queryHelp } from '../../records/json-query.ts'
import { grpcQuery } from '../../records/statements-query.ts'
import { defineBackend } from '../define.ts'
import { grpcParameters, usualAddresses } from './settings.ts'

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
      query: queryHelp(grpcQuery, { limit: 'in all' }),
      target: 'nothing: the store is that of the user'
    },
    parameters: grpcParameters,
    open: async ({ addresses, ...parameters }, { log, openRegistry }) => {
      if (addresses !== undefined && parameters.service !== undefined)
        throw new RalphError(
          'INVALID_SETTING',
          'RALPH_BACKENDS__DATA__GRPC__ADDRESSES and RALPH_BACKENDS__DATA__GRPC__SERVICE exclude each other: set one of them'
        )
      const { openGrpcData } = await import('./data.ts')
      return openGrpcData({ ...parameters, addresses: addresses ?? usualAddresses, log, openRegistry })
    }
  }
})
