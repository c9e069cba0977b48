import { RalphError } from '../errors.ts'

/** For messages. */
export const targetRule = 'up to 100 English letters, digits, "_", "-" and "."; it must not begin with "-" or "."'

const name = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/

/**
 * Whether a text can be the name of a target: valid in a file name on every file system, and without a way out of the directory.
 * One rule for all backends, so that an auth file works with every backend.
 */
export const isTarget = (text: string): boolean => name.test(text)

/** Returns the text. Throws `INVALID_SETTING` if it cannot be the name of a target. */
export const requireTarget = (text: string): string => {
  if (isTarget(text)) return text
  throw new RalphError('INVALID_SETTING', `${JSON.stringify(text)} cannot be a target: it must be ${targetRule}`, {
    target: text
  })
}
