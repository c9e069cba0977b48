import type { ChangedStatement, NewStatement } from '../../storage/batching/engine.ts'
import { emissionTime } from './events.ts'
import { bytesOfId, keyOfId, keyOfToken, ofItself, ofReferrers } from './keys.ts'
import { createRowWriter, type Rows } from './row-binary.ts'

/** The rows of a batch in the tables. migrations.ts explains them. */

const nothing = new Uint8Array()

export const statementRows = (store: number, round: number, statements: readonly NewStatement[]): Rows => {
  const rows = createRowWriter()
  for (const each of statements) {
    rows.u32(store)
    rows.i64(each.stored)
    rows.fixed(bytesOfId(each.id))
    rows.i64(round)
    rows.u32(statements.length)
    rows.i64(emissionTime(each))
    rows.u8(Number(each.voiding))
    rows.bytes(each.target === undefined ? nothing : bytesOfId(each.target))
    rows.u32(Buffer.byteLength(each.text))
    rows.count(each.tokens.length)
    for (const token of each.tokens) rows.fixed(keyOfToken(token))
    rows.text(each.text)
  }
  return rows.finish()
}

export const entryRows = (store: number, round: number, statements: readonly NewStatement[]): Rows => {
  const rows = createRowWriter()
  for (const { id, stored, tokens, target } of statements) {
    const bytes = bytesOfId(id)
    const add = (key: Buffer): void => {
      rows.u32(store)
      rows.fixed(key)
      rows.i64(stored)
      rows.fixed(bytes)
      rows.i64(round)
    }
    for (const token of tokens) add(keyOfToken(token))
    add(keyOfId(ofItself, bytes))
    if (target !== undefined) add(keyOfId(ofReferrers, bytesOfId(target)))
  }
  return rows.finish()
}

/** The keys that were inherited later. */
export const lateEntryRows = (
  store: number,
  round: number,
  changed: readonly ChangedStatement[],
  isThere: (key: Buffer, changed: ChangedStatement) => boolean
): Rows => {
  const rows = createRowWriter()
  for (const each of changed) {
    for (const key of each.added.map(keyOfToken)) {
      if (isThere(key, each)) continue
      rows.u32(store)
      rows.fixed(key)
      rows.i64(each.stored)
      rows.fixed(bytesOfId(each.id))
      rows.i64(round)
    }
  }
  return rows.finish()
}

/** Includes the statements that are voided from the start. */
export const changeRows = (
  store: number,
  round: number,
  statements: readonly NewStatement[],
  changed: readonly ChangedStatement[]
): Rows => {
  const rows = createRowWriter()
  const voidedAtOnce = statements.filter(({ voided }) => voided).map((each) => ({ ...each, added: [] }))
  for (const { id, stored, added, voided } of [...voidedAtOnce, ...changed]) {
    rows.u32(store)
    rows.i64(stored)
    rows.fixed(bytesOfId(id))
    rows.i64(round)
    rows.u8(Number(voided))
    rows.count(added.length)
    for (const token of added) rows.fixed(keyOfToken(token))
  }
  return rows.finish()
}
