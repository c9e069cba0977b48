import { readdirSync, readFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { codeOf, messageOf, RalphError } from '../errors.ts'
import { readConfigFile } from './config-file.ts'

/** One source of settings, by the names of variables. An empty string means: not set. */
export interface Source {
  readonly name:
    | 'flag'
    | 'environment'
    | '.env'
    | 'secrets directory'
    | 'configuration file'
    | 'default of this command'
    | 'record of the import'
  readonly values: ReadonlyMap<string, string>
}

export interface Sources {
  /** The first that has a value wins. */
  readonly ordered: readonly Source[]
  /** The default of RALPH_APP_DIR: where this platform keeps the configuration of programs. */
  readonly platformAppDir: string
}

/** Whether a name is that of a setting. */
type IsOurs = (name: string) => boolean

const chosen = (values: Readonly<Record<string, string | undefined>>, isOurs: IsOurs): ReadonlyMap<string, string> => {
  const map = new Map<string, string>()
  for (const [name, value] of Object.entries(values)) {
    if (isOurs(name) && value !== undefined && value !== '') map.set(name, value)
  }
  return map
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

const unreadable = (what: string, cause: unknown): RalphError =>
  new RalphError('INVALID_SETTING', `${what} cannot be read: ${messageOf(cause)}`, {}, { cause })

const readDotEnv = (isOurs: IsOurs): ReadonlyMap<string, string> => {
  try {
    return chosen(parseEnv(readFileSync('.env', 'utf8')), isOurs)
  } catch (error) {
    // A directory of that name (a Python virtual environment) is not a file of settings.
    if (isAbsent(error) || codeOf(error) === 'EISDIR') return new Map()
    throw unreadable('.env in the working directory', error)
  }
}

/** Files with the names of variables, as Docker and Kubernetes mount secrets. A line end that an editor added is removed. */
const readSecrets = (directory: string | undefined, isOurs: IsOurs): ReadonlyMap<string, string> => {
  if (directory === undefined) return new Map()
  try {
    const names = readdirSync(directory).filter(isOurs)
    return chosen(
      Object.fromEntries(
        names.map((name) => [name, readFileSync(join(directory, name), 'utf8').replace(/\r?\n$/, '')])
      ),
      isOurs
    )
  } catch (error) {
    throw unreadable(`RALPH_SECRETS_DIR (${directory})`, error)
  }
}

const platformAppDir = (): string => {
  if (process.platform === 'win32') return join(process.env.APPDATA || homedir(), 'ralph')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'ralph')
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'ralph')
}

/** Users of a machine may share the directory for temporary files, so each user gets a separate directory in it. */
export const platformTempDir = (): string => join(tmpdir(), `ralph-${process.getuid?.() ?? 'temporary'}`)

/** A terminal without escape sequences, such as those in editors. */
export const isDumbTerminal = (): boolean => process.env.TERM === 'dumb'

/**
 * The environment of a program that Ralph runs: without settings of Ralph, which may be secret, and without the variables of a
 * repository.
 */
export const environmentOfPrograms = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(RALPH_|GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|NAMESPACE|CONFIG)|HG)/.test(name)
    )
  ),
  ...more
})

/**
 * The order is: flag, environment, `.env` in the working directory, secrets directory, the YAML file of RALPH_CONFIG. Nothing
 * else reads the environment.
 * @param flags by the variables they stand for
 * @param defaults of the command, if they differ from those of the settings
 * @param foreign variables to read although they do not begin with RALPH_
 */
export const readSources = (
  flags: ReadonlyMap<string, string> = new Map(),
  defaults: ReadonlyMap<string, string> = new Map(),
  foreign: readonly string[] = []
): Sources => {
  const isOurs = (name: string): boolean => name.startsWith('RALPH_') || foreign.includes(name)
  const environment = chosen(process.env, isOurs)
  const dotEnv = readDotEnv(isOurs)
  const secretsDir = environment.get('RALPH_SECRETS_DIR') ?? dotEnv.get('RALPH_SECRETS_DIR')
  const secrets = readSecrets(secretsDir, isOurs)
  const config = [flags, environment, dotEnv, secrets].flatMap((values) => values.get('RALPH_CONFIG') ?? [])[0]
  return {
    ordered: [
      { name: 'flag', values: flags },
      { name: 'environment', values: environment },
      { name: '.env', values: dotEnv },
      { name: 'secrets directory', values: secrets },
      { name: 'configuration file', values: config === undefined ? new Map() : readConfigFile(config, process.env) },
      { name: 'default of this command', values: defaults }
    ],
    platformAppDir: platformAppDir()
  }
}

/** Sources in which these values of a data backend come before all others. They are named by parameters. */
export const withBackendValues = (
  sources: Sources,
  name: Source['name'],
  backend: string,
  values: Readonly<Record<string, string | undefined>>
): Sources => {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[`RALPH_BACKENDS__DATA__${backend.toUpperCase()}__${name}`, value] as const]
  )
  return { ...sources, ordered: [{ name, values: new Map(given) }, ...sources.ordered] }
}

/** The variables that a file of the user may use as `${NAME}`. */
export const processEnvironment = (): Readonly<Record<string, string | undefined>> => process.env
