import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { loadDefinition } from '../../src/protocol/definition.ts'

/*
 * Prints the types of the messages in proto/, as `definition.ts` makes values of them: `npm run proto`. proto-loader's own
 * generator makes 20 files of 700 lines, with `any` in them, and two types for each message.
 */

interface Field {
  readonly name: string
  readonly label: string
  readonly type: string
  readonly typeName: string
  readonly oneofIndex: number
}

interface Descriptor {
  readonly name: string
  readonly field: readonly Field[]
  readonly enumType: readonly { readonly name: string; readonly value: readonly { readonly name: string }[] }[]
  readonly oneofDecl: readonly { readonly name: string }[]
}

const scalars: { readonly [type: string]: string } = {
  TYPE_STRING: 'string',
  TYPE_BYTES: 'Uint8Array',
  TYPE_BOOL: 'boolean',
  TYPE_UINT32: 'number',
  TYPE_UINT64: 'number'
}

const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())

const typeOf = ({ type, typeName }: Field, { enumType }: Descriptor): string => {
  const scalar = scalars[type]
  if (scalar !== undefined) return scalar
  if (type === 'TYPE_MESSAGE') return typeName
  const values = enumType.find(({ name }) => name === typeName.split('.').at(-1))?.value
  if (values === undefined) throw new Error(`no rule for ${type} ${typeName}`)
  return values.map(({ name }) => `'${name}'`).join(' | ')
}

const fieldText = (field: Field, message: Descriptor): string => {
  const name = camel(field.name)
  const type = typeOf(field, message)
  if (field.label === 'LABEL_REPEATED') return `  readonly ${name}: readonly ${type}[]`
  // What is `optional` is a choice of its own, of this name.
  const choice = message.oneofDecl[field.oneofIndex]?.name
  const isOpen = choice !== undefined && (!choice.startsWith('_') || choice === `_${field.name}`)
  return isOpen ? `  readonly ${name}?: ${type} | undefined` : `  readonly ${name}: ${type}`
}

const messageText = (message: Descriptor): string =>
  message.field.length === 0
    ? `export type ${message.name} = Readonly<Record<string, never>>`
    : [`export interface ${message.name} {`, ...message.field.map((field) => fieldText(field, message)), '}'].join('\n')

/** The text of `src/protocol/messages.ts`. */
export const messagesText = async (): Promise<string> => {
  const definition = await loadDefinition()
  const messages = Object.entries(definition)
    .filter(([name]) => /^(ralph|grpc\.health)\.v1\./.test(name))
    .flatMap(([, each]) =>
      'fileDescriptorProtos' in each && 'type' in each ? [each.type as unknown as Descriptor] : []
    )
    .filter((type) => 'field' in type)
    // The order of files in a directory is not the same on each machine.
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return `${['// Generated from proto/: npm run proto', ...messages.map(messageText)].join('\n\n')}\n`
}

export const messagesFile = fileURLToPath(new URL('../../src/protocol/messages.ts', import.meta.url))

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(messagesFile, await messagesText())
