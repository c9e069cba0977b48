import { RalphError } from '../../errors.ts'
import { type ConsulEntry, entryOf, jsonOf, listOf, objectOf } from './answers.ts'
import type { ConsulRequests } from './requests.ts'

/** Milliseconds that a blocking query lasts when nothing changes; Consul adds up to a sixteenth. */
const longestWait = 30_000

/** One step of a transaction, by the names that Consul has. */
export interface ConsulStep {
  readonly Verb: 'set' | 'lock' | 'get' | 'delete' | 'check-index' | 'check-not-exists'
  readonly Key: string
  readonly Value?: string
  readonly Index?: number
  readonly Session?: string
}

export interface ConsulKeys {
  /** A key, undefined if it is not there, and the state that was read. */
  read(key: string): Promise<{ readonly entry: ConsulEntry | undefined; readonly index: number }>
  /** All keys that begin so. */
  readAll(prefix: string): Promise<{ readonly entries: readonly ConsulEntry[]; readonly index: number }>
  isAnyBelow(prefix: string): Promise<boolean>
  /** Resolves when what was read may be otherwise, or with the signal. */
  changed(
    key: string,
    index: number,
    options: { readonly isPrefix: boolean; readonly signal: AbortSignal }
  ): Promise<void>
  /** All steps or none; the index of what was written, undefined: a check did not hold. */
  change(steps: readonly ConsulStep[]): Promise<number | undefined>
  /** false: another session has it. */
  acquire(key: string, value: Uint8Array, session: string): Promise<boolean>
  deleteAll(prefix: string): Promise<void>
}

const pathOf = (key: string): string => `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`

/** @param root the bucket, with its slash; keys are whole ones, with it */
export const createKeys = ({ place, ask }: ConsulRequests, root: string): ConsulKeys => {
  const entriesAt = async (
    path: string
  ): Promise<{ readonly entries: readonly ConsulEntry[]; readonly index: number }> => {
    const answer = await ask('GET', path, { expected: [404] })
    const found = answer.status === 404 ? [] : listOf(jsonOf(answer, place), place)
    return { entries: found.map((each) => entryOf(each, root, place)), index: answer.index }
  }
  return {
    read: async (key) => {
      const { entries, index } = await entriesAt(pathOf(key))
      return { entry: entries[0], index }
    },
    readAll: (prefix) => entriesAt(`${pathOf(prefix)}?recurse`),
    isAnyBelow: async (prefix) => {
      const answer = await ask('GET', `${pathOf(prefix)}?keys&separator=%2F`, { expected: [404] })
      return answer.status === 200
    },
    changed: async (key, index, { isPrefix, signal }) => {
      const path = `${pathOf(key)}?index=${index}&wait=${longestWait}ms${isPrefix ? '&recurse' : ''}`
      try {
        await ask('GET', path, { expected: [404], longer: longestWait * 1.1, signal })
      } catch (error) {
        if (!signal.aborted) throw error
      }
    },
    change: async (steps) => {
      const body = JSON.stringify(steps.map((step) => ({ KV: step })))
      const answer = await ask('PUT', '/v1/txn', { body, expected: [409] })
      const said = objectOf(jsonOf(answer, place), place)
      if (answer.status === 409) {
        const refused = listOf(said.Errors ?? [], place).map((each) => String(objectOf(each, place).What))
        // The status of a check that did not hold, too.
        const denied = refused.find((each) => /permission denied|ACL not found/i.test(each))
        if (denied !== undefined) throw new RalphError('FORBIDDEN', `${place} says: ${denied}`)
        return undefined
      }
      const results = listOf(said.Results ?? [], place)
      const [last] = results.slice(-1).map((each) => objectOf(objectOf(each, place).KV, place).ModifyIndex)
      return typeof last === 'number' ? last : 0
    },
    acquire: async (key, value, session) => {
      const answer = await ask('PUT', `${pathOf(key)}?acquire=${session}`, { body: value })
      return jsonOf(answer, place) === true
    },
    deleteAll: async (prefix) => {
      await ask('DELETE', `${pathOf(prefix)}?recurse`)
    }
  }
}
