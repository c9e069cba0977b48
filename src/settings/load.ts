import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { join, resolve } from 'node:path'
import { messageOf } from '../errors.ts'
import { flagsOf, namesOf } from './aliases.ts'
import { accessOf, bucketOf } from './bucket-place.ts'
import type { SettingsGroup, Values } from './define.ts'
import { downloadsGroup } from './downloads.ts'
import { converterGroup, generalGroup, identityGroup, logLevels, lrsGroup, serverGroup } from './groups.ts'
import { grpcGroup, readGrpc } from './grpc.ts'
import { importsGroup } from './imports.ts'
import { oidcGroup, readOidc } from './oidc.ts'
import { createReader, type Reader } from './read.ts'
import type {
  GeneralSettings,
  GrpcSettings,
  IdentitySettings,
  ImportSettings,
  LogSettings,
  ServerSettings,
  UploadSettings
} from './settings.ts'
import { platformTempDir, type Sources } from './sources.ts'
import { uploadsGroup } from './uploads.ts'

/** Level of the logger `ralph` in a logging configuration of Python. Undefined: it has none. */
const levelOfLogging = (logging: unknown): LogSettings['level'] | undefined => {
  const within = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? Object.entries(value).find(([name]) => name === key)?.[1] : undefined
  const level = within(within(within(logging, 'loggers'), 'ralph'), 'level')
  return logLevels.find((known) => known === level)
}

const readGeneral = (reader: Reader, sources: Sources): GeneralSettings => {
  const general = reader.read(generalGroup)
  const level = general.logLevel ?? levelOfLogging(general.logging) ?? 'INFO'
  const appDir = general.appDir ?? sources.platformAppDir
  return {
    appDir,
    tempDir: general.tempDir ?? platformTempDir(),
    historyFile: general.historyFile ?? join(appDir, 'history.json'),
    log: { level, format: general.logFormat }
  }
}

/** The settings of a command that opens no backend. Throws `INVALID_SETTING` with all problems. */
export const loadGeneral = (sources: Sources): GeneralSettings => {
  const reader = createReader(sources)
  const general = readGeneral(reader, sources)
  reader.finish()
  return Object.freeze(general)
}

const authFileIn = (appDir: string): string => join(appDir, 'auth.json')

/** The UUID namespace of converted statements, if set. Throws `INVALID_SETTING` with all problems. */
export const loadUuidNamespace = (sources: Sources): string | undefined => {
  const reader = createReader(sources)
  const { uuidNamespace } = reader.read(converterGroup)
  reader.finish()
  return uuidNamespace
}

/** The file that `ralph auth` writes. Throws `INVALID_SETTING` with all problems. */
export const loadAuthFile = (sources: Sources): string => {
  const reader = createReader(sources)
  const { appDir } = readGeneral(reader, sources)
  const { authFile } = reader.read(identityGroup)
  reader.finish()
  return authFile ?? authFileIn(appDir)
}

/** The settings of downloads. Throws `INVALID_SETTING` with all problems. */
export const loadDownloads = (sources: Sources): Values<typeof downloadsGroup> => {
  const reader = createReader(sources)
  const downloads = reader.read(downloadsGroup)
  reader.finish()
  return downloads
}

/** The directory for rejected requests. Undefined: they are not kept. Throws `INVALID_SETTING` with all problems. */
export const loadRejectedDirectory = (sources: Sources): string | undefined => {
  const reader = createReader(sources)
  const { rejectedDirectory } = reader.read({ rejectedDirectory: lrsGroup.rejectedDirectory })
  reader.finish()
  return rejectedDirectory
}

/** The settings of imports. Throws `INVALID_SETTING` with all problems. */
export const loadImports = (sources: Sources): ImportSettings => {
  const reader = createReader(sources)
  const { appDir } = readGeneral(reader, sources)
  const { directory, databaseUrl, ...imports } = reader.read(importsGroup)
  const { uuidNamespace } = reader.read(converterGroup)
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    reader.refuse('RALPH_IMPORTS_DATABASE_URL must begin with postgresql://')
  }
  reader.finish()
  return Object.freeze({
    ...imports,
    databaseUrl,
    uuidNamespace,
    file: join(appDir, 'imports.db'),
    directory: directory ?? join(appDir, 'imports')
  })
}

/** The settings of uploads. Throws `INVALID_SETTING` with all problems. */
export const loadUploads = (sources: Sources): UploadSettings => {
  const reader = createReader(sources)
  const { tempDir } = readGeneral(reader, sources)
  const { target, expiration, purge, unarchive, maxUnfinished, maxUnfinishedPerUser, ...access } =
    reader.read(uploadsGroup)
  const { maxSize } = reader.read({ maxSize: importsGroup.maxSize })
  const place = bucketOf(target)
  const isUrl = /^\w[\w+.-]*:[:/]/.test(target)
  if (isUrl && place === undefined) {
    reader.refuse('RALPH_UPLOADMANAGER__TARGET must be `default`, a directory, s3://HOST/BUCKET or s3://BUCKET')
  }
  reader.finish()
  const bucket = place && { ...place, access: { ...place.access, ...accessOf(access) } }
  const directory = target === 'default' || bucket !== undefined ? join(tempDir, 'uploads') : resolve(target)
  return Object.freeze({
    expiration,
    purge,
    unarchive,
    maxUnfinished,
    maxUnfinishedPerUser,
    maxSize,
    directory,
    bucket
  })
}

/** Only programs on the same machine can reach such an address. */
const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** The text of the file of trusted keys, after every block in it was checked to be a public key. */
const readSignatureKeys = (file: string | undefined, reader: Reader): string | undefined => {
  if (file === undefined) return undefined
  try {
    const pem = readFileSync(file, 'utf8')
    const blocks = pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []
    for (const block of blocks) createPublicKey(block)
    if (blocks.length > 0 && !pem.includes('PRIVATE KEY')) return pem
    reader.refuse(`RALPH_LRS_SIGNATURE_KEYS (${file}) must contain only public keys in PEM`)
  } catch (error) {
    reader.refuse(`RALPH_LRS_SIGNATURE_KEYS (${file}): ${messageOf(error)}`)
  }
  return undefined
}

/** All settings of `ralph runserver`. */
export interface RunserverSettings<Backend> {
  readonly general: GeneralSettings
  readonly server: ServerSettings
  readonly identity: IdentitySettings
  /** Undefined: gRPC is off. */
  readonly grpc: GrpcSettings | undefined
  /** The result of `configure` for the backend's own settings. */
  readonly backend: Backend
}

/** Name of the configured backend. `loadRunserver` gets the function that reads its settings. */
export const loadBackendName = (sources: Sources): string => {
  const reader = createReader(sources)
  const { backend } = reader.read({ backend: serverGroup.backend })
  reader.finish()
  return backend
}

/** The result of `configure` for the settings of one backend. Throws `INVALID_SETTING` with all problems. */
export const loadBackend = <Backend>(sources: Sources, configure: (reader: Reader) => Backend): Backend => {
  const reader = createReader(sources)
  const backend = configure(reader)
  reader.finish()
  return backend
}

/** Throws `INVALID_SETTING` with all problems. */
export const loadRunserver = <Backend>(
  sources: Sources,
  configure: (reader: Reader) => Backend
): RunserverSettings<Backend> => {
  const reader = createReader(sources)
  const general = readGeneral(reader, sources)
  const { backend: _, ...server } = reader.read(serverGroup)
  const { signatureKeys, ...lrs } = reader.read(lrsGroup)
  const identity = reader.read(identityGroup)
  const logins = reader.read(oidcGroup)
  const oidc = readOidc(logins, reader)
  const grpc = readGrpc(reader.read(grpcGroup), server.host, reader)
  const backend = configure(reader)
  if (lrs.restrictByScopes && !lrs.restrictByAuthority) {
    reader.refuse('RALPH_LRS_RESTRICT_BY_SCOPES needs RALPH_LRS_RESTRICT_BY_AUTHORITY to be true as well')
  }
  const keys = readSignatureKeys(signatureKeys, reader)
  reader.finish()
  return Object.freeze({
    general: Object.freeze(general),
    server: Object.freeze({ ...server, ...lrs, signatureKeys: keys }),
    identity: Object.freeze({
      ...identity,
      authFile: identity.authFile ?? authFileIn(general.appDir),
      allowDemoCredentials:
        identity.allowDemoCredentials || (isLoopback(server.host) && isLoopback(grpc?.host ?? server.host)),
      basic: logins.backends.includes('basic'),
      keys: logins.backends.includes('keys'),
      oidc
    }),
    grpc,
    backend
  })
}

/** All variables of some groups, aliases included. */
export const variablesOf = (groups: readonly SettingsGroup[]): readonly string[] =>
  groups
    .flatMap((group) => Object.values(group))
    .flatMap(({ variable, fallbacks }) => [variable, ...fallbacks].flatMap(namesOf))

/** The variables with names of other tools: they do not begin with RALPH_. */
export const foreignVariables = (groups: readonly SettingsGroup[]): readonly string[] =>
  variablesOf(groups).filter((name) => !name.startsWith('RALPH_'))

/** The values of flags, by the variables they stand for. */
export const flagValues = (
  groups: readonly SettingsGroup[],
  given: (flag: string) => string | boolean | undefined
): ReadonlyMap<string, string> => {
  const values = new Map<string, string>()
  for (const setting of groups.flatMap((group) => Object.values(group))) {
    for (const [flag, variable] of flagsOf(setting.variable, setting.flag)) {
      const value = given(flag)
      if (value !== undefined) values.set(variable, String(value))
    }
  }
  return values
}
