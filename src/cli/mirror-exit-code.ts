import { type ErrorCode, RalphError } from '../errors.ts'

/** The exit codes of `ralph mirror`, one for each cause. docs/mirror.md has the table. */
export const mirrorExitCodes = {
  0: 'everything is in the mirror; or, without `--once`, a signal stopped the mirror',
  1: 'something failed that has no code of its own: the message says what',
  2: 'the command was called or configured wrongly: a stream or a key is missing',
  3: '`--once`: some archives are not available from cold storage yet',
  4: '`--once`: no service of the account has this stream; the others were mirrored',
  5: 'an archive is missing or damaged (`--verify`), or arrived damaged (`--once`)',
  6: 'another process uses the database; or, with `--once`, another node mirrors a stream',
  7: 'OVH refuses the keys, or a right is missing',
  8: 'OVH is unreachable',
  9: 'the disk is full, or a directory is not writable',
  10: 'the database is damaged'
} as const

export type MirrorExitCode = keyof typeof mirrorExitCodes

const ofErrors: { readonly [code in ErrorCode]?: MirrorExitCode } = {
  USAGE: 2,
  INVALID_SETTING: 2,
  STORE_IN_USE: 6,
  UNAUTHENTICATED: 7,
  FORBIDDEN: 7,
  STORE_UNAVAILABLE: 8,
  STORE_FULL: 9
}

/** For the error that ended the mirror. */
export const exitCodeOf = (error: unknown): MirrorExitCode => {
  if (!(error instanceof RalphError)) return 1
  return error.code === 'STORE_CORRUPT' ? 10 : (ofErrors[error.code] ?? 1)
}

/** For a mirror that ended normally. The more serious cause comes first. */
export const exitCodeOfResult = ({
  failures,
  unknown,
  waiting
}: {
  readonly failures: readonly unknown[]
  readonly unknown: readonly string[]
  readonly waiting: number
}): MirrorExitCode => {
  const [failure] = failures
  if (failure !== undefined) {
    return failure instanceof RalphError && failure.code === 'STORE_CORRUPT' ? 5 : exitCodeOf(failure)
  }
  if (unknown.length > 0) return 4
  return waiting > 0 ? 3 : 0
}
