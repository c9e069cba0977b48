import { randomUUID } from 'node:crypto'

export interface Entry {
  readonly value: Buffer
  readonly created: number
  readonly modified: number
  readonly session: string | undefined
  readonly locks: number
}

interface Session {
  readonly ttl: number
  readonly behavior: string
  timer: NodeJS.Timeout | undefined
}

/** What a transaction asks for, as `/v1/txn` has it. */
export interface Step {
  readonly Verb: string
  readonly Key: string
  readonly Value?: string
  readonly Index?: number
  readonly Session?: string
}

export const secondsOf = (duration: string): number => {
  const [, count = '0', unit = 's'] = /^(\d+)(ms|s|m|h)$/.exec(duration) ?? []
  return (Number(count) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h']) / 1000
}

/** Keys, sessions and indexes, by the rules that Consul's documentation of `/v1/kv`, `/v1/txn` and `/v1/session` has. */
export const createState = (shortestSession: number) => {
  const entries = new Map<string, Entry>()
  const removed = new Map<string, number>()
  const sessions = new Map<string, Session>()
  const waiting = new Set<() => void>()
  let index = 10
  /** Of the last change of any key. */
  let table = 10
  const tell = (): void => {
    for (const each of [...waiting]) each()
  }
  const remove = (key: string, at: number): void => {
    if (entries.delete(key)) removed.set(key, at)
    table = at
  }
  const write = (key: string, value: Buffer, at: number, lock?: { readonly session: string | undefined }): void => {
    const there = entries.get(key)
    const session = lock === undefined ? there?.session : lock.session
    const isSame = there?.value.equals(value) === true && there.session === session
    if (isSame) return
    const locks = (there?.locks ?? 0) + (lock?.session !== undefined && lock.session !== there?.session ? 1 : 0)
    entries.set(key, { value, created: there?.created ?? at, modified: at, session, locks })
    table = at
  }
  const end = (id: string): void => {
    const session = sessions.get(id)
    if (session === undefined) return
    clearTimeout(session.timer)
    sessions.delete(id)
    index += 1
    for (const [key, entry] of [...entries]) {
      if (entry.session !== id) continue
      if (session.behavior === 'delete') remove(key, index)
      else write(key, entry.value, index, { session: undefined })
    }
    tell()
  }
  const live = (id: string, session: Session): void => {
    clearTimeout(session.timer)
    // Consul promises that it is not before the TTL, and ends it at twice the TTL.
    session.timer = setTimeout(() => end(id), session.ttl * 2000).unref()
  }
  /** Why a step is not possible; undefined: it is done. */
  const step = ({ Verb, Key, Value = '', Index, Session: id }: Step, at: number): string | undefined => {
    const there = entries.get(Key)
    const value = Buffer.from(Value, 'base64')
    switch (Verb) {
      case 'get':
        return there === undefined ? `key ${JSON.stringify(Key)} doesn't exist` : undefined
      case 'check-not-exists':
        return there === undefined ? undefined : `key ${JSON.stringify(Key)} exists`
      case 'check-index':
        if (there === undefined) return `key ${JSON.stringify(Key)} doesn't exist`
        return there.modified === Index ? undefined : `current modify index ${there.modified} != ${Index}`
      case 'delete':
        remove(Key, at)
        return undefined
      case 'set':
        write(Key, value, at)
        return undefined
      case 'lock':
        if (id === undefined || !sessions.has(id)) return `invalid session ${JSON.stringify(id)}`
        if (there?.session !== undefined && there.session !== id) return 'lock is already held'
        write(Key, value, at, { session: id })
        return undefined
      default:
        return `unknown verb ${Verb}`
    }
  }
  return {
    entries,
    sessions,
    end,
    live,
    write: (key: string, value: Buffer): void => {
      index += 1
      write(key, value, index)
      tell()
    },
    removeAll: (keys: readonly string[]): void => {
      index += 1
      for (const key of keys) remove(key, index)
      tell()
    },
    acquire: (key: string, value: Buffer, session: string): boolean => {
      index += 1
      const refused = step({ Verb: 'lock', Key: key, Value: value.toString('base64'), Session: session }, index)
      tell()
      return refused === undefined
    },
    transact: (steps: readonly Step[]) => {
      const [before, gone] = [new Map(entries), new Map(removed)]
      index += 1
      for (const [OpIndex, each] of steps.entries()) {
        const What = step(each, index)
        if (What === undefined) continue
        entries.clear()
        removed.clear()
        for (const [key, entry] of before) entries.set(key, entry)
        for (const [key, at] of gone) removed.set(key, at)
        return { Results: null, Errors: [{ OpIndex, What }] }
      }
      tell()
      const said = steps.filter(({ Verb }) => ['get', 'set', 'lock'].includes(Verb))
      const Results = said.map(({ Key }) => ({ KV: { Key, ModifyIndex: entries.get(Key)?.modified ?? index } }))
      return { Results: Results.length === 0 ? null : Results, Errors: null }
    },
    create: (asked: { readonly TTL?: string; readonly Behavior?: string }): string => {
      const ttl = secondsOf(asked.TTL ?? '0s')
      if (ttl < shortestSession || ttl > 86_400)
        throw new Error(`Invalid Session TTL '${ttl}000000000', must be between [${shortestSession}s=24h0m0s]`)
      const id = randomUUID()
      const session = { ttl, behavior: asked.Behavior ?? 'release', timer: undefined }
      sessions.set(id, session)
      live(id, session)
      return id
    },
    indexOf: (key: string, isPrefix: boolean): number => {
      if (!isPrefix) return entries.get(key)?.modified ?? table
      const below = (name: string): boolean => name.startsWith(key)
      const changes = [
        ...[...entries].filter(([name]) => below(name)).map(([, { modified }]) => modified),
        ...[...removed].filter(([name]) => below(name)).map(([, at]) => at)
      ]
      return changes.length === 0 ? table : Math.max(...changes)
    },
    /** Until something changes, or for so long. */
    next: (milliseconds: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          waiting.delete(done)
          resolve()
        }
        const timer = setTimeout(done, milliseconds)
        waiting.add(done)
        signal.addEventListener('abort', done, { once: true })
      })
  }
}

export type State = ReturnType<typeof createState>
