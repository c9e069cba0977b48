/** No key of ours is longer. A longer key of a client is shortened in messages. */
const longestKey = 200

/** The JSON pointer (RFC 6901) to a member of the value that another pointer leads to. Very long keys are cut. */
export const pointTo = (pointer: string, key: string | number): string => {
  const text = String(key)
  const cut = text.length > longestKey ? `${text.slice(0, longestKey)}…` : text
  return `${pointer}/${cut.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
