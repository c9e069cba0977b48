import type { Command } from 'commander'
import type { DataRole } from '../../contracts/backend-definition.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { PartStatus } from '../../contracts/part.ts'
import { messageOf, RalphError } from '../../errors.ts'
import type { SettingsGroup } from '../../settings/define.ts'
import { loadForwardings } from '../../settings/forwardings.ts'
import { loadAuthFile, loadBackendName, loadRunserver } from '../../settings/load.ts'
import { createReader, find } from '../../settings/read.ts'
import type { Sources } from '../../settings/sources.ts'
import { loadTelemetry } from '../../settings/telemetry.ts'
import { printable } from '../../telemetry/printable.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { findBackend } from '../data-command.ts'
import { interruptible } from '../interruption.ts'
import { sectionsOf } from '../sections.ts'

interface Finding {
  readonly what: string
  readonly status: PartStatus | { readonly state: 'missing'; readonly detail: string }
}

type Settled = ReturnType<typeof settingsOf>

const problemsOf = (check: () => void): readonly string[] => {
  try {
    check()
    return []
  } catch (error) {
    const { settings } = error instanceof RalphError ? error.details : {}
    return Array.isArray(settings) ? settings.map(String) : [messageOf(error)]
  }
}

/** Checks every setting that has an explicit value. */
const checkSettings = (composition: Composition, sources: Sources): readonly Finding[] => {
  const each = problemsOf(() => {
    const reader = createReader(sources)
    for (const { group } of sectionsOf(composition)) reader.read(group)
    reader.finish()
  })
  const together = problemsOf(() => {
    loadRunserver(sources, () => undefined)
  })
  const forwardings = problemsOf(() => {
    loadForwardings(sources)
  })
  const telemetry = problemsOf(() => {
    loadTelemetry(sources)
  })
  const problems = [...new Set([...each, ...together, ...forwardings, ...telemetry])]
  return problems.length === 0
    ? [{ what: 'settings', status: { state: 'ok' } }]
    : problems.map((detail) => ({ what: 'settings', status: { state: 'error', detail } }))
}

const isConfigured = (settings: SettingsGroup, sources: Sources): boolean =>
  Object.values(settings).some((setting) => find({ ...setting, fallbacks: [] }, sources) !== undefined)

interface Opened {
  status(): Promise<BackendStatus>
  close(): Promise<void>
}

/** Opens it, asks for its status, and closes it. */
const examine = async (what: string, open: () => Promise<Opened>, signal: AbortSignal): Promise<Finding> => {
  const { statusOf } = await import('../place-status.ts')
  try {
    const backend = await open()
    try {
      return { what, status: await statusOf(backend, what, signal) }
    } finally {
      await backend.close()
    }
  } catch (error) {
    signal.throwIfAborted()
    return { what, status: { state: 'error', detail: messageOf(error) } }
  }
}

const checkServer = (composition: Composition, { sources, general, log }: Settled, signal: AbortSignal) => {
  const name = loadBackendName(sources)
  return examine(
    `backend ${name} of the LRS`,
    () => composition.openBackend(name, sources, general.appDir, log),
    signal
  )
}

/** Every part that can check, without being started, whether it could start with these settings. */
const checkParts = async (composition: Composition, sources: Sources): Promise<readonly Finding[]> => {
  // Errors in the settings were reported before.
  const parts = await composition.serverParts(sources).catch(() => [])
  const found = parts.map(async ({ name, check }): Promise<readonly Finding[]> => {
    if (check === undefined) return []
    const status = await check().catch((error: unknown): PartStatus => ({ state: 'error', detail: messageOf(error) }))
    return [{ what: `part ${name}`, status }]
  })
  return (await Promise.all(found)).flat()
}

/** Names of data backends in variables that are not Ralph's own: a package provides them. */
const othersIn = ({ ordered }: Sources, { dataBackends }: Composition): readonly string[] => {
  const names = ordered
    .flatMap(({ values }) => [...values.keys()])
    .flatMap((variable) => /^RALPH_BACKENDS__DATA__([A-Z0-9]+)__/.exec(variable)?.[1]?.toLowerCase() ?? [])
  return [...new Set(names)].filter((name) => findBackend(dataBackends, name) === undefined)
}

const checkPlaces = async (
  composition: Composition,
  { sources, general, log }: Settled,
  signal: AbortSignal
): Promise<readonly Finding[]> => {
  const check = (backend: DataRole): Promise<Finding> =>
    examine(`data backend ${backend.name}`, () => composition.openData(backend, sources, general, log), signal)
  const checkOther = async (name: string): Promise<Finding> => {
    const what = `data backend ${name}`
    try {
      const found = await composition.findDataBackend(name)
      if (found !== undefined) return await check(found)
      const detail = `it has settings, but there is no package ralph-backend-${name}: install it, or remove the settings`
      return { what, status: { state: 'missing', detail } }
    } catch (error) {
      return { what, status: { state: 'error', detail: messageOf(error) } }
    }
  }
  const configured = composition.dataBackends.filter(({ settings }) => isConfigured(settings, sources))
  return Promise.all([...configured.map(check), ...othersIn(sources, composition).map(checkOther)])
}

const checkAuthFile = async (sources: Sources): Promise<readonly Finding[]> => {
  const [{ readAuthFile, stateOfAuthFile }, { newUserCommand }] = await Promise.all([
    import('../../identity/auth-file.ts'),
    import('../../identity/new-user-command.ts')
  ])
  const what = 'auth file'
  try {
    const file = loadAuthFile(sources)
    if ((await stateOfAuthFile(file)) === undefined) {
      const detail = `${file} does not exist; create it: ${newUserCommand(file)}`
      return [{ what, status: { state: 'missing', detail } }]
    }
    const { users, warnings, path } = await readAuthFile(file)
    if (users.length === 0) {
      const detail = `${file} has no users; add one: ${newUserCommand(file)}`
      return [{ what, status: { state: 'missing', detail } }]
    }
    if (warnings.length === 0) return [{ what, status: { state: 'ok' } }]
    return warnings.map((warning) => ({ what, status: { state: 'degraded', detail: `${path}: ${warning}` } }))
  } catch (error) {
    return [{ what, status: { state: 'error', detail: messageOf(error) } }]
  }
}

const checkHistory = async ({ general }: Settled): Promise<Finding> => {
  const { idsInHistory } = await import('../../toolbox/history.ts')
  try {
    await idsInHistory(general.historyFile, '', 'read')
    return { what: 'history', status: { state: 'ok' } }
  } catch (error) {
    return { what: 'history', status: { state: 'error', detail: messageOf(error) } }
  }
}

const lineOf = ({ what, status }: Finding): string =>
  `${status.state.padEnd(7)}  ${what}${status.state === 'ok' ? '' : `: ${status.detail}`}\n`

/** `ralph doctor`: checks everything that is configured. */
export const declareDoctor = (program: Command, composition: Composition): void => {
  const command = program
    .command('doctor')
    .summary('check settings, users and every configured backend')
    .description(
      'Checks all settings, the auth file and the history, and asks the backend of the LRS and every configured data ' +
        'backend for its status. Exit code 0 only if all of them are ok.'
    )
    .action(async () => {
      const settled = settingsOf(command, composition)
      await interruptible(async (signal) => {
        const findings = [
          ...checkSettings(composition, settled.sources),
          ...(await checkAuthFile(settled.sources)),
          await checkHistory(settled),
          await checkServer(composition, settled, signal),
          ...(await checkParts(composition, settled.sources)),
          ...(await checkPlaces(composition, settled, signal))
        ]
        process.stdout.write(printable(findings.map(lineOf).join('')))
        if (findings.some(({ status }) => status.state !== 'ok')) process.exitCode = 1
      })
    })
}
