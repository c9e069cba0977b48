import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { DocumentKey, DocumentStore } from '../../contracts/document-store.ts'
import { RalphError } from '../../errors.ts'
import { isObject } from '../../json/values.ts'
import type { Agent } from '../../xapi/statement.ts'
import type { Bound, Scope } from '../principal.ts'
import { digestOf, expiryIn, newSecret, newSecretId, type PresentedSecret, type SecretKind } from './secret.ts'

/** Who may do what with a secret, and from where. Times are timestamps. */
export interface AccessGrant {
  /** For people. */
  readonly label: string
  /** Becomes the authority of the statements that are sent with it. */
  readonly agent: Agent
  readonly scopes: readonly Scope[]
  readonly target?: string
  /** Undefined: never. */
  readonly expires?: string
  /** Addresses and networks from which it may be used. None: from everywhere. */
  readonly addresses: readonly string[]
  /** Origins of pages that may use it. None: those of all pages, and programs. */
  readonly origins: readonly string[]
  readonly made: string
  /** Name of the user who made it. */
  readonly madeBy: string
  /** The key with which it was made: it is refused as soon as that one is. */
  readonly parent?: string
  readonly bound?: Bound
  /** Written at most once an hour. Undefined: never used. */
  readonly lastUse?: string
}

/** A grant as the store has it. Nobody can find the secret from it. */
export interface AccessRecord extends AccessGrant {
  readonly id: string
  /** HMAC-SHA256 of the secret. */
  readonly digest: string
}

const places = { key: 'access-keys', token: 'access-tokens', fetch: 'access-fetches' } as const

/**
 * Keys and tokens are documents beside the statements of the default target, so that every server of the store has the same ones. Their
 * scope is not an IRI, so no request of a client can name them.
 */
const documentOf = (kind: SecretKind, id: string): DocumentKey => ({
  kind: 'activity-profile',
  activity: places[kind],
  id
})

const recordIn = (content: Uint8Array): AccessRecord => {
  const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'))
  if (isObject(value) && typeof value.digest === 'string' && isObject(value.agent) && Array.isArray(value.scopes)) {
    // Only this file writes them.
    return value as unknown as AccessRecord
  }
  throw new RalphError('STORE_CORRUPT', 'a record of an access key is not as Ralph wrote it')
}

const contentOf = (record: AccessRecord) => ({
  content: Buffer.from(JSON.stringify(record)),
  contentType: 'application/json'
})

export interface AccessRecords {
  /** Makes a secret. It is given once, and is not kept. `expires`, if the grant has it, is also in the id of what is not a key. */
  create(kind: SecretKind, grant: AccessGrant, expires?: number): Promise<{ record: AccessRecord; secret: string }>
  find(kind: SecretKind, id: string): Promise<AccessRecord | undefined>
  list(kind: SecretKind): Promise<readonly AccessRecord[]>
  /** Whether the secret is that of the record. It takes as long if there is no record. */
  isOf(secret: PresentedSecret, record: AccessRecord | undefined): Promise<boolean>
  /** Writes the time of use, unless the record is gone. */
  used(kind: SecretKind, id: string, time: string): Promise<void>
  /** Gives what was removed. Of several who ask at once, one gets it. */
  take(kind: SecretKind, id: string): Promise<AccessRecord | undefined>
  /** Removes what has expired before this time, in seconds since 1970. Gives how many. */
  sweep(kind: SecretKind, before: number): Promise<number>
}

/** @param open the documents of the default target */
export const openAccessRecords = (open: () => Promise<DocumentStore>): AccessRecords => {
  let hashing: Promise<Uint8Array> | undefined
  /** The key of all digests. It is made with the first record, and is the same for all servers of the store. */
  const readHashKey = async (): Promise<Uint8Array> => {
    const documents = await open()
    const place = { kind: 'activity-profile', activity: 'access-hash-key', id: 'hmac-sha256' } as const
    const found =
      (await documents.get(place)) ??
      (await documents.change(
        place,
        (present) => present ?? { content: randomBytes(32), contentType: 'application/octet-stream' }
      ))
    if (found === undefined) throw new RalphError('STORE_CORRUPT', 'the key of the hashes of access keys is not there')
    return Uint8Array.from(found.content)
  }
  const hashKey = (): Promise<Uint8Array> => {
    hashing ??= readHashKey().catch((error: unknown) => {
      hashing = undefined
      throw error
    })
    return hashing
  }
  const nothing = Buffer.alloc(32)

  const find: AccessRecords['find'] = async (kind, id) => {
    const found = await (await open()).get(documentOf(kind, id))
    return found && recordIn(found.content)
  }

  const take: AccessRecords['take'] = async (kind, id) => {
    let taken: AccessRecord | undefined
    await (await open()).change(documentOf(kind, id), (present) => {
      taken = present && recordIn(present.content)
      return undefined
    })
    return taken
  }

  return {
    create: async (kind, grant, expires) => {
      const id = newSecretId(kind === 'key' ? undefined : expires)
      const secret = newSecret(kind, id)
      const record = { id, ...grant, digest: digestOf(await hashKey(), secret).toString('base64url') }
      await (await open()).change(documentOf(kind, id), () => contentOf(record))
      return { record, secret }
    },
    find,
    list: async (kind) => {
      const documents = await open()
      const ids = await documents.ids({ kind: 'activity-profile', activity: places[kind] })
      const found: AccessRecord[] = []
      for (const id of ids) {
        const record = await find(kind, id)
        if (record !== undefined) found.push(record)
      }
      return found
    },
    isOf: async ({ text }, record) => {
      const expected = record === undefined ? nothing : Buffer.from(record.digest, 'base64url')
      const presented = digestOf(await hashKey(), text)
      return expected.length === presented.length && timingSafeEqual(expected, presented) && record !== undefined
    },
    used: async (kind, id, time) => {
      await (await open()).change(
        documentOf(kind, id),
        (present) => present && contentOf({ ...recordIn(present.content), lastUse: time })
      )
    },
    take,
    sweep: async (kind, before) => {
      const documents = await open()
      const ids = await documents.ids({ kind: 'activity-profile', activity: places[kind] })
      const old = ids.filter((id) => (expiryIn(id) ?? Number.POSITIVE_INFINITY) < before)
      for (const id of old) await documents.change(documentOf(kind, id), () => undefined)
      return old.length
    }
  }
}
