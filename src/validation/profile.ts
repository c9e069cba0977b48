import { createSelect } from './decision-tree.ts'
import { type Model, type ModelValidation, readModels, validateBy } from './models.ts'
import type { Profile } from './profile-names.ts'

/** Validates statements, which must be valid xAPI, by the templates of a profile. */
export const createProfileValidator = (profile: Profile): ((statement: unknown) => ModelValidation) => {
  const templates = readModels('profiles').models.filter(({ name }) => name.startsWith(`${profile}/`))
  const select = createSelect(templates)
  return (statement) => validateBy(select(statement), (model: Model) => model.problemsIn(statement))
}
