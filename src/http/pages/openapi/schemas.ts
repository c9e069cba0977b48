import { readSchemas, schemaBase } from '../../../validation/registry.ts'
import { versions } from '../../../xapi/version.ts'

export type Schema = Readonly<Record<string, unknown>>

/** Schemas by their path below schemas/xapi, without `$id`: their references are relative to the path where they are served. */
export const schemasByPath = (): ReadonlyMap<string, Schema> => {
  const found = new Map<string, Schema>()
  for (const { $id, ...schema } of versions.flatMap(readSchemas))
    found.set(String($id).slice(schemaBase.length), schema)
  return found
}

/** The name of a schema in the OpenAPI document: `statement-2.0.0` for `2.0.0/statement.schema.json`. */
const componentName = (path: string): string => {
  const [version, file = ''] = path.split('/')
  return `${file.replace('.schema.json', '')}-${version}`
}

export const referenceTo = (path: string): Schema => ({ $ref: `#/components/schemas/${componentName(path)}` })

const schemaFile = /^(?:\.\.\/)?[\w./-]+\.schema\.json$/

/** Keywords that only our own validator reads. */
const isForValidator = (key: string): boolean => key === '$schema' || key.startsWith('x-')

const asComponent = (value: unknown, path: string): unknown => {
  if (Array.isArray(value)) return value.map((each) => asComponent(each, path))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isForValidator(key))
      .map(([key, each]) => {
        if (key !== '$ref' || typeof each !== 'string' || !schemaFile.test(each)) return [key, asComponent(each, path)]
        return [key, referenceTo(new URL(each, `${schemaBase}${path}`).href.slice(schemaBase.length)).$ref]
      })
  )
}

/**
 * The schemas of bodies as components. The document is complete by itself, so a tool reads it without fetching anything else, behind any
 * proxy.
 */
export const schemaComponents = (schemas: ReadonlyMap<string, Schema>): Schema =>
  Object.fromEntries(
    [...schemas]
      .filter(([path]) => !path.includes('-parameters.'))
      .map(([path, schema]) => [componentName(path), asComponent(schema, path)])
  )
