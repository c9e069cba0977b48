import { readdirSync, readFileSync } from 'node:fs'
import type { Ajv2020, AnySchemaObject } from 'ajv/dist/2020.js'
import { RalphError } from '../errors.ts'
import type { Selectable, Selector } from './decision-tree.ts'
import { explain, type Fault } from './explain.ts'
import { createEmptyAjv, findSchemas } from './registry.ts'

/** A schema that says which values it is for. */
export interface Model extends Selectable {
  /** Family and name: `video/play_video`. */
  readonly name: string
  readonly schema: AnySchemaObject
  /** The problems of a value of this model. The model is compiled at the first call. */
  problemsIn(value: unknown): readonly Fault[]
}

export interface Models {
  /** Every model of the folder, by name. */
  readonly models: readonly Model[]
  /** The schemas that they share. */
  readonly shared: readonly AnySchemaObject[]
}

const ending = '.schema.json'

const isSelector = (value: unknown): value is Selector => typeof value === 'object' && value !== null

/** The schemas of a folder and of its subfolders. Nothing is compiled yet. */
export const readModels = (folder: 'edx' | 'profiles'): Models => {
  const root = findSchemas(import.meta.url, folder)
  const schemas = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file): readonly [name: string, schema: AnySchemaObject] => [
      file.slice(0, -ending.length),
      JSON.parse(readFileSync(new URL(file, root), 'utf8'))
    ])
  const ajvs = new Map<boolean, Ajv2020>()
  const validatorOf = (id: string, allErrors: boolean) => {
    let ajv = ajvs.get(allErrors)
    if (ajv === undefined) {
      // Every value is checked for an error, but few are explained. Short code compiles faster.
      ajv = createEmptyAjv({ allErrors, verbose: allErrors })
      // ajv would search examples for schemas.
      for (const [, { examples: _, ...schema }] of schemas) ajv.addSchema(schema)
      ajvs.set(allErrors, ajv)
    }
    const validate = ajv.getSchema(id)
    if (validate === undefined) throw new RalphError('INTERNAL', `There is no schema ${id}`)
    return validate
  }
  const modelOf = (name: string, schema: AnySchemaObject, selector: Selector): Model => {
    let isValid: ReturnType<typeof validatorOf> | undefined
    return {
      name,
      schema,
      selector,
      problemsIn: (value) => {
        isValid ??= validatorOf(String(schema.$id), false)
        if (isValid(value)) return []
        const everyError = validatorOf(String(schema.$id), true)
        everyError(value)
        return explain(everyError.errors ?? [], false)
      }
    }
  }
  const models: Model[] = []
  const shared: AnySchemaObject[] = []
  for (const [name, schema] of schemas) {
    const selector: unknown = schema['x-selector']
    if (isSelector(selector)) models.push(modelOf(name, schema, selector))
    else shared.push(schema)
  }
  return { models, shared }
}

export type ModelValidation =
  /** No model is for the value. */
  | { readonly known: false }
  /** The first model that accepts it, or the one with the fewest problems. */
  | { readonly known: true; readonly model: string; readonly problems: readonly Fault[] }

/** Validates a value by the models that were selected for it, in their order. */
export const validateBy = (
  candidates: readonly Model[],
  judge: (model: Model) => readonly Fault[]
): ModelValidation => {
  let best: { readonly known: true; readonly model: string; readonly problems: readonly Fault[] } | undefined
  for (const model of candidates) {
    const problems = judge(model)
    if (best === undefined || problems.length < best.problems.length)
      best = { known: true, model: model.name, problems }
    if (problems.length === 0) break
  }
  return best ?? { known: false }
}
