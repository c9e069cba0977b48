import { createSelect } from './decision-tree.ts'
import { judgeBy, type Model, type ModelJudgement, readModels } from './models.ts'
import type { Profile } from './profile-names.ts'

/** Judges statements, which are known to be valid, by the templates of a profile. */
export const createProfileJudge = (profile: Profile): ((statement: unknown) => ModelJudgement) => {
  const templates = readModels('profiles').models.filter(({ name }) => name.startsWith(`${profile}/`))
  const select = createSelect(templates)
  return (statement) => judgeBy(select(statement), (model: Model) => model.judge(statement))
}
