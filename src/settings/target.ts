import { RalphError } from '../errors.ts'

/** For messages. */
export const targetRule =
  'up to 100 letters of English, digits, "_", "-" and ".", of which "-" and "." are not the first'

const name = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/

/**
 * Whether a text can name a target: what is part of a file name on every file system, and leads out of no directory.
 * One rule for all backends, so that an auth file that is good for one is good for the others.
 */
export const isTarget = (text: string): boolean => name.test(text)

/** The same text; `INVALID_SETTING` when it cannot name a target. */
export const requireTarget = (text: string): string => {
  if (isTarget(text)) return text
  throw new RalphError('INVALID_SETTING', `${JSON.stringify(text)} cannot name a target: it must be ${targetRule}`, {
    target: text
  })
}
