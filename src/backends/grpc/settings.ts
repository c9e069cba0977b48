import { silenceParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { middlewareList, usualMiddleware, usualMiddlewareText } from '../../settings/grpc.ts'
import { boolean, type Kind, list, path, text } from '../../settings/kinds.ts'

const address: Kind<string> = {
  expected: 'an address, host:port',
  parse: (value) => (/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/.test(value) ? value : undefined)
}

export const usualAddresses = ['localhost:50051']

export const grpcParameters = {
  addresses: parameter('ADDRESSES', {
    kind: list(address, 'addresses (host:port)'),
    default: undefined,
    defaultText: 'localhost:50051',
    description:
      'Servers of one LRS, separated by commas. Calls go to each in turn. If a server is unreachable, they go to the next one.'
  }),
  service: parameter('SERVICE', {
    kind: text,
    default: undefined,
    description: 'Name of a service in the registry. Its servers below services/NAME are used instead of ADDRESSES.'
  }),
  username: parameter('USERNAME', { kind: text, default: 'ralph', description: 'User name for the LRS.' }),
  password: parameter('PASSWORD', {
    kind: text,
    default: 'secret',
    description: 'Password for the LRS.',
    secret: true
  }),
  tls: parameter('TLS', { kind: boolean, default: false, description: 'Whether the servers use TLS.' }),
  certificate: parameter('CERTIFICATE', {
    kind: path,
    default: undefined,
    description: 'PEM file with the authorities that are trusted instead of the usual ones. It implies TLS.'
  }),
  middleware: {
    ...parameter('MIDDLEWARE', {
      kind: middlewareList,
      default: usualMiddleware,
      defaultText: usualMiddlewareText,
      description: 'What happens around each call, the outermost first; also as RALPH_GRPC__CLIENT__MIDDLEWARE.'
    }),
    fallbacks: ['RALPH_GRPC__CLIENT__MIDDLEWARE']
  },
  timeout: silenceParameter('the gRPC server', 60_000)
}
