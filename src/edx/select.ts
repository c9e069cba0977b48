import { createSelect } from '../validation/decision-tree.ts'
import { type Model, readModels } from '../validation/models.ts'

/** Every answer of the server has this model, so it comes behind all that say more. */
const generic = 'server/server'

/** Finds the models of an event: by their name, the generic one last. */
export const createEventSelect = (): ((event: unknown) => readonly Model[]) => {
  const { models } = readModels('edx')
  return createSelect([
    ...models.filter(({ name }) => name !== generic),
    ...models.filter(({ name }) => name === generic)
  ])
}
