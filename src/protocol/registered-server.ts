/** A server as it stands in a registry, for those who want to call it. */
export interface RegisteredServer {
  /** URL of its HTTP server, without trailing slash. */
  readonly http: string
  /** `host:port` of its gRPC server; undefined: it has none. */
  readonly grpc?: string | undefined
  /** Of Ralph. */
  readonly version: string
}

/** Where all servers of a service stand. */
export const directoryOf = (service: string): string => `services/${service}`

export const keyOf = (service: string, id: string): string => `${directoryOf(service)}/${id}`

export const textOf = ({ http, grpc, version }: RegisteredServer): string => JSON.stringify({ http, grpc, version })

/** The gRPC address that a value names; null: it names none; undefined: no server of Ralph has written it. */
export const grpcAddressIn = (value: Uint8Array): string | null | undefined => {
  try {
    const entry: unknown = JSON.parse(Buffer.from(value).toString('utf8'))
    if (typeof entry !== 'object' || entry === null) return undefined
    if (!('grpc' in entry)) return null
    return typeof entry.grpc === 'string' ? entry.grpc : undefined
  } catch {
    return undefined
  }
}
