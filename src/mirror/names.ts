/* The service's names of streams and archives become parts of paths. A name that leads elsewhere is refused. */

/** Longer names, with `.part` added, exceed the limit of common file systems. */
const longest = 250

/** The file of an archive until it is complete. */
export const partOf = (file: string): string => `${file}.part`

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const harmful = /[\u0000-\u001f\u007f/\\:*?"<>|]/

/** A valid file name on every system, and not one that we use ourselves. */
export const isFileName = (name: string): boolean =>
  name !== '' &&
  !name.startsWith('.') &&
  !name.endsWith('.part') &&
  Buffer.byteLength(name) <= longest &&
  !harmful.test(name)

/** A UUID, or at least a name that can be a directory of the mirror. */
export const isStreamId = (name: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name)
