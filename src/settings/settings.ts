import type { Version } from '../xapi/version.ts'

/** The settings of every command. */
export interface GeneralSettings {
  /** RALPH_APP_DIR, absolute. */
  readonly appDir: string
  /** RALPH_TEMP_DIR, absolute. */
  readonly tempDir: string
  /** RALPH_HISTORY_FILE, absolute. */
  readonly historyFile: string
  readonly log: LogSettings
}

export interface LogSettings {
  readonly level: 'CRITICAL' | 'ERROR' | 'WARNING' | 'INFO' | 'DEBUG'
  readonly format: 'auto' | 'text' | 'json'
}

/**
 * The settings of the server, after `settings/` has read and checked them. Frozen, passed as an argument, never imported as a
 * value.
 */
export interface ServerSettings {
  /** RALPH_RUNSERVER_WAIT_FOR_BACKEND, in seconds. */
  readonly waitForBackend: number
  /** RALPH_RUNSERVER_HOST */
  readonly host: string
  /** RALPH_RUNSERVER_PORT; 0: any free one. */
  readonly port: number
  /** RALPH_RUNSERVER_MAX_SEARCH_HITS_COUNT: default and maximum of `limit`. */
  readonly maxSearchHits: number
  /**
   * RALPH_RUNSERVER_PUBLIC_URL: the address for clients, with path prefix, without trailing slash. Undefined: the root of its own
   * address.
   */
  readonly publicUrl: string | undefined
  /** RALPH_RUNSERVER_TRUST_PROXY: addresses or networks whose X-Forwarded-For is trusted. True: all. False: none. */
  readonly trustProxy: boolean | readonly string[]
  /** RALPH_RUNSERVER_MAX_BODY_SIZE, in bytes, after decompression. */
  readonly maxBodySize: number
  /** RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST */
  readonly maxStatements: number
  /** RALPH_RUNSERVER_MAX_STATEMENT_SIZE: of one statement, in bytes. */
  readonly maxStatementSize: number
  /** RALPH_RUNSERVER_MAX_STATEMENT_KEYS: of one statement, at every depth together. */
  readonly maxStatementKeys: number
  /** RALPH_RUNSERVER_MAX_STATEMENT_DEPTH: arrays and objects within each other. */
  readonly maxStatementDepth: number
  /** RALPH_RUNSERVER_MAX_INHERITED_TERMS: by StatementRef, for one request. */
  readonly maxInheritedTerms: number
  /** RALPH_RUNSERVER_MAX_DOCUMENT_KEYS: at the top level of a JSON document that is merged. */
  readonly maxDocumentKeys: number
  /** RALPH_RUNSERVER_MAX_PARTS_PER_REQUEST: of a multipart request. */
  readonly maxParts: number
  /** RALPH_RUNSERVER_MAX_HEADER_SIZE: of a request, or of a part of it, in bytes. */
  readonly maxHeaderSize: number
  /** RALPH_RUNSERVER_MAX_PARAMETERS: of a URL or a form. */
  readonly maxParameters: number
  /** RALPH_RUNSERVER_MAX_PARAMETER_SIZE: of one of them, in bytes. */
  readonly maxParameterSize: number
  /** RALPH_RUNSERVER_MAX_FORM_SIZE, in bytes. */
  readonly maxFormSize: number
  /** RALPH_RUNSERVER_MAX_BYTES_IN_FLIGHT: of bodies and answers, of all requests together. */
  readonly maxBytesInFlight: number
  /** RALPH_RUNSERVER_WAIT_FOR_ROOM, in seconds. */
  readonly waitForRoom: number
  /** RALPH_RUNSERVER_MAX_ANONYMOUS_BYTES: of all forms whose senders are not known yet. */
  readonly maxAnonymousBytes: number
  /** RALPH_RUNSERVER_ANONYMOUS_TIMEOUT, in seconds. */
  readonly anonymousTimeout: number
  /** RALPH_RUNSERVER_REQUEST_TIMEOUT, in seconds. */
  readonly requestTimeout: number
  /** RALPH_RUNSERVER_ANSWER_TIMEOUT, in seconds. */
  readonly answerTimeout: number
  /** RALPH_RUNSERVER_WORKERS */
  readonly workers: number
  /** RALPH_RUNSERVER_MAX_STREAMS */
  readonly maxStreams: number
  /** RALPH_RUNSERVER_MAX_CONNECTIONS */
  readonly maxConnections: number
  /** RALPH_RUNSERVER_ACCESS_LOG */
  readonly accessLog: 'some' | 'all' | 'none'
  /** RALPH_RUNSERVER_CORS_ALLOW_ORIGINS: scheme://host[:port], scheme://*.domain, or *. Empty: CORS is off. */
  readonly corsAllowOrigins: readonly string[]
  /** RALPH_LRS_REQUIRE_VERSION_HEADER */
  readonly requireVersionHeader: boolean
  /** RALPH_LRS_DEFAULT_VERSION */
  readonly defaultVersion: Version
  /** RALPH_LRS_RESTRICT_BY_AUTHORITY */
  readonly restrictByAuthority: boolean
  /** RALPH_LRS_RESTRICT_BY_SCOPES */
  readonly restrictByScopes: boolean
  /** RALPH_LRS_PARTIAL_SUCCESS_DEFAULT */
  readonly partialSuccessDefault: boolean
  /** RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS */
  readonly ignoreUnknownParameters: boolean
  /** RALPH_LRS_REJECTED_REQUESTS_DIRECTORY, absolute; undefined: they are not kept. */
  readonly rejectedDirectory: string | undefined
  /** RALPH_LRS_REJECTED_REQUESTS_MAX_SIZE, in bytes. */
  readonly rejectedMaxSize: number
  /** RALPH_LRS_SIGNATURE_KEYS: the public keys in PEM for signatures without x5c. Undefined: none. */
  readonly signatureKeys: string | undefined
}

export interface IdentitySettings {
  /** RALPH_AUTH_FILE, absolute. */
  readonly authFile: string
  /** RALPH_AUTH_CACHE_MAX_SIZE, number of verified credentials kept. */
  readonly cacheMaxSize: number
  /** RALPH_AUTH_CACHE_TTL, seconds. */
  readonly cacheTtl: number
  /** RALPH_ALLOW_DEMO_CREDENTIALS, or the server listens on loopback only. */
  readonly allowDemoCredentials: boolean
  /** RALPH_RUNSERVER_AUTH_BACKENDS contains `basic`: users of the auth file may log in. */
  readonly basic: boolean
  /** It has `keys`: keys of programs and tokens of content are accepted. */
  readonly keys: boolean
  /** Undefined: RALPH_RUNSERVER_AUTH_BACKENDS has no `oidc`. */
  readonly oidc: OidcSettings | undefined
}

/** An OpenID Connect provider whose tokens are accepted. */
export interface OidcSettings {
  /** RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI, without a trailing slash. */
  readonly issuer: string
  /** RALPH_RUNSERVER_AUTH_OIDC_AUDIENCE. Empty: tokens for any audience are accepted. */
  readonly audience: readonly string[]
  /** RALPH_RUNSERVER_AUTH_OIDC_CLIENT_ID and _CLIENT_SECRET. Undefined: tokens are verified here, by their signature. */
  readonly client: { readonly id: string; readonly secret: string } | undefined
  /** RALPH_RUNSERVER_AUTH_OIDC_SCOPE_CLAIM */
  readonly scopeClaim: string
  /** RALPH_RUNSERVER_AUTH_OIDC_SCOPE_MAP: words of the provider, and the scopes that each of them stands for. */
  readonly scopeMap: ReadonlyMap<string, readonly string[]>
  /** RALPH_RUNSERVER_AUTH_OIDC_TARGET_CLAIM */
  readonly targetClaim: string
  /** RALPH_AUTH_OIDC_CACHE_TTL, seconds. */
  readonly cacheTtl: number
}

/** Middleware around each gRPC call, by its name in the settings. */
export type MiddlewareSetting =
  | { readonly name: 'recover' | 'logging' | 'tracing' }
  | { readonly name: 'max_message_size'; readonly bytes: number }

export interface GrpcSettings {
  /** RALPH_GRPC__HOST, or RALPH_RUNSERVER_HOST */
  readonly host: string
  /** RALPH_GRPC__PORT; 0: any free one. */
  readonly port: number
  /** RALPH_GRPC__SERVER__MIDDLEWARE, the outermost first. */
  readonly middleware: readonly MiddlewareSetting[]
  /** RALPH_GRPC__SERVER__CERTIFICATE and RALPH_GRPC__SERVER__KEY: texts in PEM. Undefined: no TLS. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
}

export interface ImportSettings {
  /** RALPH_IMPORTS_ENABLED: for the server. */
  readonly enabled: boolean
  /** RALPH_IMPORTS_DATABASE_URL; undefined: SQLite in `file`. */
  readonly databaseUrl: string | undefined
  /** `imports.db` in RALPH_APP_DIR, absolute. */
  readonly file: string
  /** RALPH_IMPORTS_DIRECTORY, absolute. */
  readonly directory: string
  /** RALPH_IMPORTS_USER */
  readonly user: string | undefined
  /** RALPH_IMPORTS_PLATFORM_URL */
  readonly platformUrl: string | undefined
  /** RALPH_CONVERTER_EDX_XAPI_UUID_NAMESPACE */
  readonly uuidNamespace: string | undefined
  /** RALPH_IMPORTS_MAX_SIZE, in bytes. */
  readonly maxSize: number
  /** RALPH_IMPORTS_MAX_UNPACKED_SIZE, in bytes. */
  readonly maxUnpackedSize: number
  /** RALPH_IMPORTS_MAX_ENTRIES */
  readonly maxEntries: number
  /** RALPH_IMPORTS_MAX_RATIO */
  readonly maxRatio: number
  /** RALPH_IMPORTS_MAX_DEPTH */
  readonly maxDepth: number
  /** RALPH_IMPORTS_MAX_ATTEMPTS */
  readonly maxAttempts: number
  /** RALPH_IMPORTS_URL_HOSTS. Empty: only the operator may import URLs. */
  readonly urlHosts: readonly string[]
  /** RALPH_IMPORTS_URL_NETWORKS */
  readonly urlNetworks: readonly string[]
  /** RALPH_IMPORTS_SWEEP, in milliseconds. */
  readonly sweep: number
  /** RALPH_IMPORTS_LONGEST_PAUSE, in seconds. */
  readonly longestPause: number
}

/** A bucket that a setting names. */
export interface BucketPlace {
  readonly bucket: string
  /** Prefix of the name of each object: empty, or with a slash at its end. */
  readonly prefix: string
  /** Overrides the settings of the backend s3. */
  readonly access: {
    readonly endpoint?: string
    readonly region?: string
    readonly accessKeyId?: string
    readonly secretAccessKey?: string
    readonly sessionToken?: string
  }
}

export interface UploadSettings {
  /**
   * RALPH_UPLOADMANAGER__TARGET, absolute. If the target is a bucket, this directory has the state of uploads and incoming bytes.
   */
  readonly directory: string
  /** Set if RALPH_UPLOADMANAGER__TARGET is a bucket. */
  readonly bucket: BucketPlace | undefined
  /** RALPH_UPLOADMANAGER__EXPIRATION: since the last byte, in milliseconds. */
  readonly expiration: number
  /** RALPH_UPLOADMANAGER__PURGE, in milliseconds. */
  readonly purge: number
  /** RALPH_UPLOADMANAGER__UNARCHIVE */
  readonly unarchive: boolean
  /** RALPH_UPLOADMANAGER__MAX_UNFINISHED */
  readonly maxUnfinished: number
  /** RALPH_UPLOADMANAGER__MAX_UNFINISHED_PER_USER */
  readonly maxUnfinishedPerUser: number
  /** RALPH_IMPORTS_MAX_SIZE, in bytes. */
  readonly maxSize: number
}

/** Where the originals of imports are kept. */
export type StorePlace =
  | { readonly kind: 'fs'; readonly directory: string }
  | ({ readonly kind: 's3' } & BucketPlace)
  | { readonly kind: 'swift'; readonly bucket: string; readonly prefix: string }

export interface StoreSettings {
  /** RALPH_STORE__TARGET */
  readonly place: StorePlace
  /** RALPH_STORE__DOORS. Empty: all. */
  readonly doors: readonly string[]
}
