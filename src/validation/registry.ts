import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Ajv2020, type AnySchemaObject, type ErrorObject, type Options, type ValidateFunction } from 'ajv/dist/2020.js'
import { RalphError } from '../errors.ts'
import type { Version } from '../xapi/version.ts'
import { formats } from './formats/index.ts'

/** The beginning of the `$id`s of the schemas. They are only names: nothing is fetched from there. */
export const schemaBase = 'https://ralph-lrs.example/schemas/xapi/'

/**
 * The path of a schema folder, from a module in a room of src/ (repository) or dist/src/ (package). `schemas/` is in the root directory of
 * both.
 */
export const findSchemas = (module: string, folder = 'xapi'): URL => {
  const candidates = ['../../schemas/', '../../../schemas/'].map((path) => new URL(path, module))
  const found = candidates.find((url) => existsSync(new URL('xapi/1.0.3/statement.schema.json', url)))
  if (found !== undefined) return new URL(`${folder}/`, found)
  const looked = candidates.map(({ pathname }) => pathname)
  throw new RalphError('INTERNAL', `The schemas are missing, in ${looked.join(' and in ')}. Install Ralph again.`)
}

const folders: { readonly [version in Version]: readonly Version[] } = {
  '1.0.3': ['1.0.3'],
  // What 2.0 did not change is taken from 1.0.3.
  '2.0.0': ['1.0.3', '2.0.0']
}

export const readSchemas = (version: Version): AnySchemaObject[] => {
  const root = findSchemas(import.meta.url)
  const schemas: AnySchemaObject[] = []
  for (const folder of folders[version]) {
    const directory = new URL(`${folder}/`, root)
    for (const file of readdirSync(directory)) {
      if (file.endsWith('.schema.json')) schemas.push(JSON.parse(readFileSync(new URL(file, directory), 'utf8')))
    }
  }
  return schemas
}

/**
 * It is strict, and does not change the values. The schemas are not checked against their meta-schema at run time, because that costs more
 * than all the rest. A test does it.
 */
export const createEmptyAjv = (options: Options): Ajv2020 => {
  const ajv = new Ajv2020({
    strict: true,
    // "Exactly one of these is required" names properties that the surrounding schema defines.
    strictRequired: false,
    allowUnionTypes: true,
    verbose: true,
    messages: false,
    meta: false,
    validateSchema: false,
    // Measured: it runs as fast and compiles in half the time, which the first answer waits for.
    inlineRefs: false,
    code: { optimize: false },
    ...options
  })
  // `x-rule` names the rule that a part of a schema states, `x-expected` says what to write in the message, and `x-selector` says which
  // values the schema is for.
  ajv.addVocabulary(['x-rule', 'x-expected', 'x-selector'])
  for (const [name, { test }] of Object.entries(formats)) ajv.addFormat(name, { type: 'string', validate: test })
  return ajv
}

/** An ajv with the schemas of a version of xAPI. */
export const createAjv = (version: Version, options: Options): Ajv2020 => {
  const ajv = createEmptyAjv(options)
  for (const schema of readSchemas(version)) ajv.addSchema(schema)
  return ajv
}

/** A schema to compile. It is the file with this name. */
export type SchemaName = 'statement' | 'agent' | 'agent-or-identified-group'

const idOf = (name: SchemaName, version: Version): string =>
  `${schemaBase}${name === 'statement' ? version : '1.0.3'}/${name}.schema.json`

type FindErrors = (value: unknown, name: SchemaName, version: Version) => readonly ErrorObject[]

/** Reads and compiles the schemas of a version at the first call, which takes about 50 ms, and keeps them. */
const createFindErrors = (options: Options): FindErrors => {
  const ajvs = new Map<Version, Ajv2020>()
  const compiled = new Map<string, ValidateFunction>()
  const compile = (name: SchemaName, version: Version): ValidateFunction => {
    const ajv = ajvs.get(version) ?? createAjv(version, options)
    ajvs.set(version, ajv)
    const validate = ajv.getSchema(idOf(name, version))
    if (validate === undefined) throw new RalphError('INTERNAL', `There is no schema ${idOf(name, version)}`)
    compiled.set(name + version, validate)
    return validate
  }
  return (value, name, version) => {
    const validate = compiled.get(name + version) ?? compile(name, version)
    return validate(value) ? [] : (validate.errors ?? [])
  }
}

/** The first problem of a value, if any. */
export const firstError = createFindErrors({ allErrors: false })

/** All problems of a value. It may be as many errors as there are faults, so use it only for values that are known to be small. */
export const everyError = createFindErrors({ allErrors: true })
