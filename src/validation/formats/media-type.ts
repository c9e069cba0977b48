/** Type, subtype, and parameters with plain or quoted values, some of which may be missing (RFC 9110 §5.6.6, §8.3.1). */
const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;[ \t]*(?:[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\\p{Cc}]|\t|\\\P{Cc})*")[ \t]*)?)*$/u

/** Far more than any media type needs, and short enough for the memory of a regular expression with repeated groups. */
const longest = 1000

export const isMediaType = (text: string): boolean => text.length <= longest && mediaType.test(text)
