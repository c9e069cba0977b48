import { signatureAttachments } from '../../xapi/signature.ts'
import { isSubStatement, type Statement } from '../../xapi/statement.ts'

type Parts = Pick<Statement, 'result' | 'context'>

const emptied = <Part extends { readonly extensions?: object }>(part: Part): Part =>
  part.extensions === undefined ? part : { ...part, extensions: {} }

const partsOf = ({ result, context }: Parts): Parts => ({
  ...(result === undefined ? {} : { result: emptied(result) }),
  ...(context === undefined ? {} : { context: emptied(context) })
})

const objectOf = <Thing extends Statement['object']>(object: Thing): Thing =>
  'definition' in object && object.definition !== undefined
    ? { ...object, definition: emptied(object.definition) }
    : object

/**
 * The statement without the content of its extensions, which hold most of the values of a long one. Fifty of these would take several times
 * the memory of their text, and the content is not needed before they are stored. A signed one is not changed, because its signature is
 * compared with all of it.
 */
export const withoutExtensions = (statement: Statement): Statement => {
  if (signatureAttachments(statement).length > 0) return statement
  const { object } = statement
  const inner = isSubStatement(object)
    ? { ...object, ...partsOf(object), object: objectOf(object.object) }
    : objectOf(object)
  return { ...statement, ...partsOf(statement), object: inner }
}

/** Keeps one value, that of the last key. */
export type Latest<Key, Value> = (key: Key, make: () => Value) => Value

export const keepLatest = <Key, Value>(): Latest<Key, Value> => {
  let latest: { readonly key: Key; readonly value: Value } | undefined
  return (key, make) => {
    if (latest?.key !== key) latest = { key, value: make() }
    return latest.value
  }
}
