/** No key of ours is longer; what somebody else sends is named, not repeated at length. */
const longestKey = 200

/** The JSON pointer (RFC 6901) to a member of what another pointer leads to; very long keys are cut. */
export const pointTo = (pointer: string, key: string | number): string => {
  const text = String(key)
  const cut = text.length > longestKey ? `${text.slice(0, longestKey)}…` : text
  return `${pointer}/${cut.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
