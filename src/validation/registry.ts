import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { RalphError } from '../errors.ts'
import type { Version } from '../xapi/version.ts'
import { formats } from './formats/index.ts'

/** What the `$id`s of the schemas begin with. They are names: nothing is ever fetched from there. */
export const schemaBase = 'https://ralph-lrs.example/schemas/xapi/'

/** `schemas/` stands at the root of the package, this file in src/ of the repository or in dist/src/ of the package. */
const findSchemas = (): URL => {
  for (const candidate of ['../../schemas/xapi/', '../../../schemas/xapi/']) {
    const url = new URL(candidate, import.meta.url)
    if (existsSync(new URL('1.0.3/statement.schema.json', url))) return url
  }
  throw new RalphError(
    'INTERNAL',
    `The folder schemas/ is missing beside ${new URL('../..', import.meta.url).pathname}`
  )
}

const folders: { readonly [version in Version]: readonly Version[] } = {
  '1.0.3': ['1.0.3'],
  // What 2.0 did not change it takes from 1.0.3.
  '2.0.0': ['1.0.3', '2.0.0']
}

export const readSchemas = (version: Version): AnySchemaObject[] => {
  const root = findSchemas()
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
 * Strict, and it changes nothing in what it is shown. The schemas are not checked against their meta-schema at run
 * time, which costs more than all the rest: a test does it.
 */
const createAjv = (version: Version, allErrors: boolean): Ajv2020 => {
  const ajv = new Ajv2020({
    strict: true,
    // "Exactly one of these is required" names properties that the schema around it defines.
    strictRequired: false,
    allowUnionTypes: true,
    allErrors,
    verbose: true,
    messages: false,
    meta: false,
    validateSchema: false,
    // Measured: as fast to run, and compiled in half the time, which is part of the wait for the first answer.
    inlineRefs: false,
    code: { optimize: false }
  })
  // `x-rule` names the rule that a part of a schema states, `x-expected` what to say when it is broken.
  ajv.addVocabulary(['x-rule', 'x-expected'])
  for (const [name, { test }] of Object.entries(formats)) ajv.addFormat(name, { type: 'string', validate: test })
  for (const schema of readSchemas(version)) ajv.addSchema(schema)
  return ajv
}

/** What is compiled: see the file of this name. */
export type SchemaName = 'statement' | 'agent' | 'agent-or-identified-group'

const ajvs = new Map<string, Ajv2020>()

/** Made when first asked for; the schemas that a version needs are compiled once, when first used. */
const ajvFor = (version: Version, allErrors: boolean): Ajv2020 => {
  const key = `${version} ${allErrors}`
  let ajv = ajvs.get(key)
  if (ajv === undefined) {
    ajv = createAjv(version, allErrors)
    ajvs.set(key, ajv)
  }
  return ajv
}

const folderOf = (name: SchemaName, version: Version): Version => (name === 'statement' ? version : '1.0.3')

const compiled = (name: SchemaName, version: Version, allErrors: boolean): ValidateFunction => {
  const id = `${schemaBase}${folderOf(name, version)}/${name}.schema.json`
  const validate = ajvFor(version, allErrors).getSchema(id)
  if (validate === undefined) throw new RalphError('INTERNAL', `There is no schema ${id}`)
  return validate
}

/** The first thing that is wrong with a value, or nothing. */
export const firstError = (value: unknown, name: SchemaName, version: Version): readonly ErrorObject[] => {
  const validate = compiled(name, version, false)
  return validate(value) ? [] : (validate.errors ?? [])
}

/** All that is wrong with a value: as many errors as it has faults, so only for what is known to be small. */
export const everyError = (value: unknown, name: SchemaName, version: Version): readonly ErrorObject[] => {
  const validate = compiled(name, version, true)
  return validate(value) ? [] : (validate.errors ?? [])
}
