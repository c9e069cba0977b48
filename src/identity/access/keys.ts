import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import { formatMicros } from '../../xapi/timestamp.ts'
import type { Principal } from '../principal.ts'
import type { AccessRecord, AccessRecords } from './records.ts'
import { asLogin } from './secret.ts'
import { addressesIn, agentIn, expiresIn, fieldsIn, labelIn, originsIn, scopesIn, targetIn } from './wanted.ts'

/** A key as it is shown. Nothing of its secret is. */
export type ShownKey = Omit<AccessRecord, 'digest' | 'bound' | 'parent'>

/** A key that was made: its secret is shown this once. */
export interface NewKey extends ShownKey {
  /** For `Authorization: Bearer`. */
  readonly key: string
  /** The same for HTTP Basic. */
  readonly username: string
  readonly password: string
}

/** Keys of programs. An administrator with a target makes and sees those of this target only. */
export interface AccessKeys {
  create(wanted: unknown, by: Principal): Promise<NewKey>
  list(by: Principal): Promise<readonly ShownKey[]>
  /** `NOT_FOUND` */
  revoke(id: string, by: Principal): Promise<ShownKey>
}

const known = ['label', 'agent', 'scopes', 'target', 'expires', 'addresses', 'origins'] as const

const shown = ({ digest: _, bound: _bound, parent: _parent, ...rest }: AccessRecord): ShownKey => rest

export const createKeys = (
  records: AccessRecords,
  { clock, forget }: { readonly clock: Clock; readonly forget: (id: string) => void }
): AccessKeys => {
  const mayManage = ({ target }: Principal, key: Pick<AccessRecord, 'target'>): boolean =>
    target === undefined || key.target === target

  return {
    create: async (wanted, by) => {
      const fields = fieldsIn(wanted, known)
      const now = clock()
      const target = targetIn(fields) ?? by.target
      const scopes = scopesIn(fields)
      if (scopes === undefined)
        throw new RalphError('INVALID_PARAMETER', '"scopes" is missing.', { parameter: 'scopes' })
      if (!mayManage(by, target === undefined ? {} : { target })) {
        throw new RalphError('FORBIDDEN', 'You make keys for your own target only.', { parameter: 'target' })
      }
      const expires = expiresIn(fields, now)
      const { record, secret } = await records.create('key', {
        label: labelIn(fields),
        agent: agentIn(fields, 'agent') ?? by.agent,
        scopes,
        ...(target === undefined ? {} : { target }),
        ...(expires === undefined ? {} : { expires }),
        addresses: addressesIn(fields),
        origins: originsIn(fields),
        made: formatMicros(now),
        madeBy: by.username
      })
      return { ...shown(record), key: secret, ...asLogin(secret) }
    },
    list: async (by) => (await records.list('key')).filter((each) => mayManage(by, each)).map(shown),
    revoke: async (id, by) => {
      const found = await records.find('key', id)
      const taken = found !== undefined && mayManage(by, found) ? await records.take('key', id) : undefined
      forget(id)
      if (taken !== undefined) return shown(taken)
      throw new RalphError('NOT_FOUND', `There is no key ${JSON.stringify(id)}.`, { id })
    }
  }
}
