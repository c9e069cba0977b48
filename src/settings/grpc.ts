import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { setting, type Values } from './define.ts'
import { boolean, integer, type Kind, list, path, size, text } from './kinds.ts'
import type { Reader } from './read.ts'
import type { GrpcSettings, MiddlewareSetting } from './settings.ts'

const mebibyte = 2 ** 20

const plainNames = ['recover', 'logging', 'tracing'] as const
const messageSize = size(1024, 2 ** 31 - 1)

const middlewareIn = (entry: string): MiddlewareSetting | undefined => {
  const [name = '', value] = entry.split(/[:=]/, 2).map((each) => each.trim())
  if (name === 'max_message_size') {
    const bytes = value === undefined ? undefined : messageSize.parse(value)
    return bytes === undefined ? undefined : { name, bytes }
  }
  const plain = plainNames.find((each) => each === name)
  return plain === undefined || value !== undefined ? undefined : { name: plain }
}

/** Names in order, each at most once. */
export const middlewareList: Kind<readonly MiddlewareSetting[]> = {
  placeholder: 'names',
  expected: `a list of middleware, each at most once: ${plainNames.join(', ')}, max_message_size: SIZE (such as 500mb, from 1KiB to below 2GiB)`,
  parse: (value) => {
    const entries = list(text, 'names').parse(value)?.map(middlewareIn)
    if (entries?.every((each) => each !== undefined) !== true) return undefined
    return new Set(entries.map(({ name }) => name)).size === entries.length ? entries : undefined
  }
}

/** The middleware if the setting is not given. */
export const usualMiddleware: readonly MiddlewareSetting[] = [
  ...plainNames.map((name) => ({ name })),
  { name: 'max_message_size', bytes: 64 * mebibyte }
]
export const usualMiddlewareText = 'recover, logging, tracing, max_message_size: 64MiB'

export const grpcGroup = {
  enabled: setting('GRPC__ENABLED', {
    kind: boolean,
    default: false,
    flag: 'grpc',
    description: 'Serve gRPC too (`ralph.v1`).'
  }),
  host: setting('GRPC__HOST', {
    kind: text,
    default: undefined,
    defaultText: 'RALPH_RUNSERVER_HOST',
    flag: 'grpc-host',
    description: 'Address on which the server listens for gRPC.'
  }),
  port: setting('GRPC__PORT', {
    kind: integer(0, 65_535),
    default: 50_051,
    flag: 'grpc-port',
    description: 'Port on which the server listens for gRPC; 0: any free one.'
  }),
  middleware: setting('GRPC__SERVER__MIDDLEWARE', {
    kind: middlewareList,
    default: usualMiddleware,
    defaultText: usualMiddlewareText,
    flag: 'grpc-middleware',
    description: 'Middleware around each gRPC call of the server, the outermost first.'
  }),
  certificate: setting('GRPC__SERVER__CERTIFICATE', {
    kind: path,
    default: undefined,
    flag: 'grpc-certificate',
    description: 'PEM file with the certificate of the gRPC server and its chain; none: no TLS.'
  }),
  key: setting('GRPC__SERVER__KEY', {
    kind: path,
    default: undefined,
    flag: 'grpc-key',
    description: 'PEM file with the private key of the certificate.'
  })
}

const readPem = (variable: string, file: string, check: (pem: string) => unknown, reader: Reader): string => {
  try {
    const pem = readFileSync(file, 'utf8')
    check(pem)
    return pem
  } catch (error) {
    reader.refuse(`${variable} (${file}): ${messageOf(error)}`)
    return ''
  }
}

/** Undefined: gRPC is off. Problems are reported to the reader. */
export const readGrpc = (
  { enabled, host, port, middleware, certificate, key }: Values<typeof grpcGroup>,
  serverHost: string,
  reader: Reader
): GrpcSettings | undefined => {
  if (!enabled) return undefined
  if ((certificate === undefined) !== (key === undefined)) {
    reader.refuse('RALPH_GRPC__SERVER__CERTIFICATE and RALPH_GRPC__SERVER__KEY belong together: set both or none')
  }
  const tls =
    certificate === undefined || key === undefined
      ? undefined
      : {
          certificate: readPem(
            'RALPH_GRPC__SERVER__CERTIFICATE',
            certificate,
            (pem) => new X509Certificate(pem),
            reader
          ),
          key: readPem('RALPH_GRPC__SERVER__KEY', key, (pem) => createPrivateKey(pem), reader)
        }
  return Object.freeze({ host: host ?? serverHost, port, middleware, tls })
}
