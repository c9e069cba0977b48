/*
 * What the service calls a stream or an archive becomes part of a path. A name that leads elsewhere is refused.
 */

/** Longer names fit on no common file system once `.part` is added. */
const longest = 250

/** What an archive is written to until it is whole. */
export const partOf = (file: string): string => `${file}.part`

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const harmful = /[\u0000-\u001f\u007f/\\:*?"<>|]/

/** A name that is one file of a directory on every system, and not one that we write ourselves. */
export const isFileName = (name: string): boolean =>
  name !== '' &&
  !name.startsWith('.') &&
  !name.endsWith('.part') &&
  Buffer.byteLength(name) <= longest &&
  !harmful.test(name)

/** As a UUID; whatever else it is, it is a directory of the mirror. */
export const isStreamId = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)
