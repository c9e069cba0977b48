// Generated from proto/: npm run proto

export interface GetImportRequest {
  readonly id: string
}

export interface HealthCheckRequest {
  readonly service: string
}

export interface HealthCheckResponse {
  readonly status: 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN'
}

export interface Import {
  readonly id: string
  readonly filename: string
  readonly status: string
  readonly sha256?: string | undefined
  readonly size?: number | undefined
  readonly read: number
  readonly converted: number
  readonly written: number
  readonly already: number
  readonly rejected: number
  readonly troubleCode?: string | undefined
  readonly troubleMessage?: string | undefined
  readonly attempts: number
  readonly nextAttempt?: string | undefined
  readonly created: string
  readonly updated: string
  readonly finished?: string | undefined
}

export interface ImportFile {
  readonly filename: string
  readonly mediaType?: string | undefined
  readonly sha256?: string | undefined
  readonly from?: string | undefined
  readonly unpack?: boolean | undefined
}

export interface ReadStatementsRequest {
  readonly statementId?: string | undefined
  readonly voidedStatementId?: string | undefined
  readonly agent?: string | undefined
  readonly verb?: string | undefined
  readonly activity?: string | undefined
  readonly registration?: string | undefined
  readonly relatedActivities?: boolean | undefined
  readonly relatedAgents?: boolean | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly limit?: number | undefined
  readonly format?: string | undefined
  readonly ascending?: boolean | undefined
  readonly mine?: boolean | undefined
  readonly position?: string | undefined
  readonly follow?: boolean | undefined
}

export interface ReadStatementsResponse {
  readonly statements: readonly Uint8Array[]
  readonly position: string
}

export interface SubmitRequest {
  readonly file?: ImportFile | undefined
  readonly content?: Uint8Array | undefined
}

export type VersionRequest = Readonly<Record<string, never>>

export interface VersionResponse {
  readonly version: string
  readonly xapiVersions: readonly string[]
}

export interface WriteStatementsRequest {
  readonly statements: readonly Uint8Array[]
}

export interface WriteStatementsResponse {
  readonly ids: readonly string[]
  readonly stored: number
  readonly already: number
}
