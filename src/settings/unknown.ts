import { RalphError } from '../errors.ts'
import { keyOf } from './config-file.ts'
import type { Source, Sources } from './sources.ts'

/** Settings of Python Ralph 5 that this version does not use. */
const unused = [
  'RALPH_EXECUTION_ENVIRONMENT',
  'RALPH_LRS_ELASTICSEARCH_VALIDATE_KEYS',
  'RALPH_PARSERS',
  'RALPH_RUNSERVER_POINT_IN_TIME_KEEP_ALIVE',
  'RALPH_SENTRY_CLI_TRACES_SAMPLE_RATE',
  'RALPH_SENTRY_DSN',
  'RALPH_SENTRY_IGNORE_HEALTH_CHECKS',
  'RALPH_SENTRY_LRS_TRACES_SAMPLE_RATE'
]

/** A setting of a backend: the group, the backend, the parameter. */
const ofBackend = /^RALPH_BACKENDS__([A-Z0-9]+)__([A-Z0-9]+)__(.+)$/

/** Names that people use for a backend which is called differently here, if they are not similar. */
const otherNames: { readonly [backend: string]: string } = {
  CH: 'CLICKHOUSE',
  ELASTIC: 'ES',
  ELASTICSEARCH: 'ES',
  FILE: 'FS',
  FILESYSTEM: 'FS',
  OPENSEARCH: 'ES',
  PG: 'POSTGRES',
  POSTGRESQL: 'POSTGRES',
  PSQL: 'POSTGRES',
  WEBSOCKET: 'WS'
}

/** Parameters that every backend of Python Ralph 5 has and ours do not use. */
const commonParameter = /^RALPH_BACKENDS__.+__(LOCALE_ENCODING|(READ|WRITE)_CHUNK_SIZE|DEFAULT_QUERY_STRING)$/

/** Variables that Kubernetes adds to the environment of a pod if there is a service named `ralph`. */
const kubernetes = /^RALPH_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

/** Levenshtein distance. */
const distance = (a: string, b: string): number => {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substituted = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(substituted, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}

/** The most similar name. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const between = distance(name, candidate)
    if (between < least) {
      least = between
      best = candidate
    }
  }
  return best
}

/** The name that was probably meant: it differs in at most a third of its letters, or in one. */
export const similar = (name: string, known: readonly string[]): string | undefined => {
  const found = nearest(name, known)
  return found !== undefined && distance(name, found) <= Math.max(1, name.length / 3) ? found : undefined
}

export interface UnknownSettings {
  /** One sentence for each unknown name, and one for the names that only Python Ralph 5 knows. */
  readonly warnings: readonly string[]
  /** Names that are ignored for a good reason. */
  readonly passedOver: readonly string[]
}

interface KnownName {
  readonly name: string
  readonly group: string
  readonly backend: string
}

const partsOf = (name: string): KnownName | undefined => {
  const [, group, backend] = ofBackend.exec(name) ?? []
  return group === undefined || backend === undefined ? undefined : { name, group, backend }
}

/** The backend with this name in any case, as `backends` writes it. Undefined: none. */
export const backendMeant = (name: string, backends: readonly string[]): string | undefined => {
  const find = (wanted: string | undefined): string | undefined =>
    backends.find((each) => each.toUpperCase() === wanted?.toUpperCase())
  const upper = name.toUpperCase()
  return (
    find(name) ??
    find(otherNames[upper]) ??
    find(
      similar(
        upper,
        backends.map((each) => each.toUpperCase())
      )
    )
  )
}

/**
 * The setting of a backend that was probably meant: in the same group if that has the backend, otherwise in any. Undefined: it
 * may be a setting of a backend from a package, which is configured only in the group DATA.
 */
const settingMeant = ({ name, group, backend }: KnownName, known: readonly KnownName[]): string | undefined => {
  const meant = backendMeant(backend, [...new Set(known.map((each) => each.backend))])
  if (meant === undefined)
    return group === 'DATA'
      ? undefined
      : nearest(
          name,
          known.map((each) => each.name)
        )
  const ofMeant = known.filter((each) => each.backend === meant)
  const inGroup = ofMeant.filter((each) => each.group === group)
  return nearest(
    name.replace(`__${backend}__`, `__${meant}__`),
    (inGroup.length > 0 ? inGroup : ofMeant).map((each) => each.name)
  )
}

/** Finds `RALPH_*` names that have no effect. */
export const findUnknown = (sources: readonly Source[], known: readonly string[]): UnknownSettings => {
  const knownNames = new Set(known)
  const set = new Set(sources.flatMap(({ values }) => [...values.keys()]))
  const warnings: string[] = []
  const passedOver: string[] = []
  const notYet: string[] = []
  const ofBackends = known.flatMap((name) => partsOf(name) ?? [])
  for (const name of [...set].sort()) {
    if (knownNames.has(name)) continue
    if (unused.includes(name)) {
      notYet.push(name)
      continue
    }
    const parts = partsOf(name)
    const meant = parts === undefined ? nearest(name, known) : settingMeant(parts, ofBackends)
    const isCommon =
      commonParameter.test(name) &&
      ofBackends.some(({ group, backend }) => group === parts?.group && backend === parts.backend)
    if (meant === undefined || isCommon || kubernetes.test(name)) passedOver.push(name)
    else warnings.push(`${name} is not a setting of Ralph and has no effect; did you mean ${meant}?`)
  }
  if (notYet.length > 0) {
    warnings.push(`${notYet.join(', ')}: known from Python Ralph 5, but not used by this version`)
  }
  return { warnings, passedOver }
}

/**
 * Throws `INVALID_SETTING` if the configuration file has a key that is not a setting. Only Ralph reads this file, so it must be a
 * mistake.
 */
const refuseUnknownKeys = (sources: Sources, known: readonly string[]): void => {
  const file = sources.ordered.filter(({ name }) => name === 'configuration file')
  const problems = file.flatMap(({ values }) =>
    [...values.keys()].flatMap((name) => {
      if (known.includes(name)) return []
      const meant = nearest(name, known)
      const hint = meant === undefined ? '' : `; did you mean ${keyOf(meant)}?`
      return [`${keyOf(name)} in the file of RALPH_CONFIG is not a setting of Ralph${hint}`]
    })
  )
  if (problems.length > 0) throw new RalphError('INVALID_SETTING', problems.join('; '), { settings: problems })
}

/** Warns the operator about them. Names that are ignored are logged at level debug. */
export const warnOfUnknown = (
  sources: Sources,
  known: readonly string[],
  log: { warn(message: string): void; debug(message: string): void }
): void => {
  refuseUnknownKeys(sources, known)
  const { warnings, passedOver } = findUnknown(sources.ordered, known)
  for (const warning of warnings) log.warn(warning)
  if (passedOver.length > 0) log.debug(`not used here: ${passedOver.join(', ')}`)
}
