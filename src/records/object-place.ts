import { randomUUID } from 'node:crypto'
import type { Clock } from '../contracts/clock.ts'
import { RalphError } from '../errors.ts'
import { formatMicros } from '../xapi/timestamp.ts'

/** An object of an object storage: its name, and the bucket or container that it is in. */
export interface ObjectPlace {
  readonly container: string
  readonly name: string
}

/** As the history and the messages have it. */
export const formatPlace = ({ container, name }: ObjectPlace): string => `${container}/${name}`

/** What one of these storages calls a container, and the variable that names the one to use by default. */
export interface ContainerNaming {
  readonly word: 'bucket' | 'container'
  readonly variable: string
  readonly byDefault: string | undefined
}

/** `INVALID_SETTING`: nobody has said which. */
export const containerOf = (target: string | undefined, { word, variable, byDefault }: ContainerNaming): string => {
  const container = target || byDefault
  if (container === undefined) {
    throw new RalphError('INVALID_SETTING', `no ${word} is named: set ${variable}, or give one as --target`)
  }
  return container
}

/** As Ralph names an object or a file when it is not told how: the time, and what makes it unique. */
export const newName = (clock: Clock): string => `${formatMicros(clock())}-${randomUUID()}`

/** Where `target` says to write: `container/name`, `container/` for a new name in it, `name`, or nothing. */
export const placeToWrite = (target: string | undefined, naming: ContainerNaming, clock: Clock): ObjectPlace => {
  const slash = target?.indexOf('/') ?? -1
  if (target === undefined || slash < 0) {
    return { container: containerOf(undefined, naming), name: target || newName(clock) }
  }
  if (slash === 0) {
    throw new RalphError('INVALID_SETTING', `${target} names no ${naming.word} before its first slash`)
  }
  return { container: target.slice(0, slash), name: target.slice(slash + 1) || newName(clock) }
}

/** `INVALID_QUERY`: there is no name. */
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
    `${formatPlace(place)} is there already: choose another name, or -o update`,
    {},
    { cause }
  )

/** What was read of it is the beginning of something that is no more. */
export const changedWhileRead = (place: ObjectPlace, how: 'changed' | 'deleted', cause?: unknown): RalphError =>
  new RalphError(
    'NOT_FOUND',
    `${formatPlace(place)} was ${how} while it was read: what came so far is not whole, ${how === 'changed' ? 'read it again' : 'drop it'}`,
    {},
    { cause }
  )
