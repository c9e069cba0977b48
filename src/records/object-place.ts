import { randomUUID } from 'node:crypto'
import type { Clock } from '../contracts/clock.ts'
import { RalphError } from '../errors.ts'
import { formatMicros } from '../xapi/timestamp.ts'

/** An object of an object storage: its name, and its bucket or container. */
export interface ObjectPlace {
  readonly container: string
  readonly name: string
}

/** The form in the history and in messages. */
export const formatPlace = ({ container, name }: ObjectPlace): string => `${container}/${name}`

/** The word for a container in this storage, and the variable that names the default one. */
export interface ContainerNaming {
  readonly word: 'bucket' | 'container'
  readonly variable: string
  readonly byDefault: string | undefined
}

/** Throws `INVALID_SETTING` if no container is named. */
export const containerOf = (target: string | undefined, { word, variable, byDefault }: ContainerNaming): string => {
  const container = target || byDefault
  if (container === undefined) {
    throw new RalphError('INVALID_SETTING', `no ${word} is named: set ${variable}, or give one as --target`)
  }
  return container
}

/** The name of a new object or file: the time, and a unique part. */
export const newName = (clock: Clock): string => `${formatMicros(clock())}-${randomUUID()}`

/** Where to write for `target`: `container/name`, `container/` (a new name in it), `name`, or nothing. */
export const placeToWrite = (target: string | undefined, naming: ContainerNaming, clock: Clock): ObjectPlace => {
  const slash = target?.indexOf('/') ?? -1
  if (target === undefined || slash < 0) {
    return { container: containerOf(undefined, naming), name: target || newName(clock) }
  }
  if (slash === 0) {
    throw new RalphError('INVALID_SETTING', `${target} has no ${naming.word} before its first slash`)
  }
  return { container: target.slice(0, slash), name: target.slice(slash + 1) || newName(clock) }
}

/** Throws `INVALID_QUERY` if there is no name. */
export const placeToRead = (
  query: string | undefined,
  target: string | undefined,
  naming: ContainerNaming
): ObjectPlace => {
  if (!query) throw new RalphError('INVALID_QUERY', 'say which object to read: its name, as `ralph list` prints it')
  return { container: containerOf(target, naming), name: query }
}

export const alreadyThere = (place: ObjectPlace, cause?: unknown): RalphError =>
  new RalphError(
    'ALREADY_THERE',
    `${formatPlace(place)} exists already: choose another name, or -o update`,
    {},
    { cause }
  )

/** The object changed or was deleted. What was read is only its beginning. */
export const changedWhileRead = (place: ObjectPlace, how: 'changed' | 'deleted', cause?: unknown): RalphError =>
  new RalphError(
    'NOT_FOUND',
    `${formatPlace(place)} was ${how} while it was read: what was read is incomplete, ${how === 'changed' ? 'read it again' : 'drop it'}`,
    {},
    { cause }
  )
