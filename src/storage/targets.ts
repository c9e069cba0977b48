import type { BackendStatus, LrsBackend } from '../contracts/lrs-backend.ts'
import type { CallOptions } from '../contracts/statement-store.ts'
import { statusOfClosed, storeClosed } from './closed.ts'
import { type EngineStore, type FollowableStore, makeFollowable } from './follow.ts'
import { createOnce } from './once.ts'

/** What an engine knows of targets: where each is, how its store is opened, and how all are closed. */
export interface Targets<Place, Store extends EngineStore> {
  /** Throws `INVALID_SETTING` if it cannot be the name of a target. */
  placeOf(target: string | undefined): Place
  /** Two targets with the same key are the same. */
  keyOf(place: Place): string
  open(place: Place): Promise<Store> | Store
  /** The status of the backend, which is not closed. `stores` are those that were opened. */
  status(options: CallOptions, stores: readonly Promise<Store>[]): Promise<BackendStatus>
  /** Closes the open stores, then what they share. */
  close(stores: readonly Store[]): Promise<void>
}

/** The first status that is not well, for stores that each have a status. */
export const worstOf = async (
  stores: readonly Promise<{ status(): Promise<BackendStatus> | BackendStatus }>[]
): Promise<BackendStatus> => {
  for (const store of stores) {
    const status = await (await store).status()
    if (status.state !== 'ok') return status
  }
  return { state: 'ok' }
}

interface Closable {
  close(): unknown
}

/** Closes all of them, then what they share, even if one fails. The first failure of a store is thrown. */
export const closeAll = async (stores: readonly Closable[], shared?: Closable): Promise<void> => {
  const closed = await Promise.allSettled(stores.map(async (store) => store.close()))
  await shared?.close()
  const failed = closed.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/**
 * A backend whose targets are separate stores. Each is opened when it is first needed. After a failure the next call tries again. After
 * closing has begun, nothing is opened.
 */
export const openTargets = <Place, Store extends EngineStore>(targets: Targets<Place, Store>): LrsBackend => {
  const stores = createOnce<Store>()
  const followable = new Map<Store, FollowableStore>()
  let closing: Promise<void> | undefined

  const followableOf = (store: Store): FollowableStore => {
    const present = followable.get(store)
    if (present !== undefined) return present
    const made = makeFollowable(store)
    followable.set(store, made)
    return made
  }

  const close = async (): Promise<void> => {
    const opened = await Promise.allSettled(stores.all())
    for (const each of followable.values()) each.end()
    await targets.close(opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])))
  }

  return {
    store: async (target) => {
      if (closing !== undefined) throw storeClosed()
      const place = targets.placeOf(target)
      return followableOf(await stores.get(targets.keyOf(place), async () => targets.open(place))).store
    },
    status: async (options = {}) => {
      options.signal?.throwIfAborted()
      return closing === undefined ? targets.status(options, stores.all()) : statusOfClosed
    },
    close: () => {
      closing ??= close()
      return closing
    }
  }
}
