import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** The Debian package that brings a tool. */
const packageOf: Readonly<Record<string, string>> = { mvn: 'maven', python3: 'python3', setpriv: 'util-linux' }

/**
 * Options of setpriv with which root becomes another user, who may still pass through directories that are root's own,
 * as a home or a temporary directory is.
 */
export const asUser = (user: string): readonly string[] => [
  `--reuid=${user}`,
  `--regid=${user}`,
  '--clear-groups',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override'
]

/** Runs a tool of the machine to its end; rejects with what it said, or with what to install if it is not there. */
export const run = async (tool: string, args: readonly string[], cwd?: string): Promise<string> => {
  try {
    const { stdout } = await promisify(execFile)(tool, args, {
      maxBuffer: 2 ** 26,
      ...(cwd === undefined ? {} : { cwd })
    })
    return stdout
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if ('code' in error && error.code === 'ENOENT')
      throw new Error(`${tool} is not there; as root: apt-get install -y ${packageOf[tool] ?? tool}`)
    const said = 'stdout' in error && typeof error.stdout === 'string' ? error.stdout.slice(-2000) : ''
    throw new Error(`${error.message}\n${said}`)
  }
}
