import { existsSync } from 'node:fs'
import type { Log } from '../contracts/log.ts'
import type { WantedLearner } from '../privacy/learner.ts'
import { isNamedIn, isNamedInBytes } from '../privacy/roles.ts'
import { loadImports, loadRejectedDirectory } from '../settings/load.ts'
import type { Sources } from '../settings/sources.ts'
import type { Composition } from './composition.ts'

/** What names a learner outside of the stores. */
export interface RefusedByPlace {
  /** Ids of rejected requests (`ralph rejected`). */
  readonly rejectedRequests: readonly string[]
  /** Ids of imports (`ralph imports`) whose rejected records name the learner. */
  readonly imports: readonly string[]
}

const findRejected = async (sources: Sources, learner: WantedLearner): Promise<string[]> => {
  const directory = loadRejectedDirectory(sources)
  const found: string[] = []
  if (directory === undefined || !existsSync(directory)) return found
  const { listRejectedRequests, readRejectedBody } = await import('../telemetry/rejected-requests.ts')
  for await (const kept of listRejectedRequests(directory)) {
    const isNamed = isNamedIn(kept, learner) || isNamedInBytes(await readRejectedBody(directory, kept.id), learner)
    if (isNamed) found.push(kept.id)
  }
  return found
}

const findInImports = async (
  composition: Pick<Composition, 'openImports'>,
  sources: Sources,
  log: Log,
  learner: WantedLearner
): Promise<string[]> => {
  const { databaseUrl, file } = loadImports(sources)
  // To open imports makes their database, and to look must not.
  if (databaseUrl === undefined && !existsSync(file)) return []
  const imports = await composition.openImports(sources, log, undefined)
  try {
    const found: string[] = []
    for (const { id } of await imports.list({ limit: 1_000_000 })) {
      let rest = ''
      const decoder = new TextDecoder()
      const isNamed = async (): Promise<boolean> => {
        for await (const chunk of imports.rejected(id) ?? []) {
          const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
          rest = lines.pop() ?? ''
          if (lines.some((line) => isNamedIn(line, learner))) return true
        }
        return isNamedIn(rest, learner)
      }
      if (await isNamed()) found.push(id)
    }
    return found
  } finally {
    await imports.close()
  }
}

/** Where the learner is named in what the server and the imports have refused. */
export const findKeptRequests = async (
  composition: Pick<Composition, 'openImports'>,
  { sources, log }: { readonly sources: Sources; readonly log: Log },
  learner: WantedLearner
): Promise<RefusedByPlace> => ({
  rejectedRequests: await findRejected(sources, learner),
  imports: await findInImports(composition, sources, log, learner)
})
