/** Whether a value and everything in it are more than `most` values. It looks at no more than that. */
export const hasMoreValuesThan = (value: unknown, most: number): boolean => {
  let left = most
  const count = (each: unknown): boolean => {
    left -= 1
    if (left < 0) return true
    if (typeof each !== 'object' || each === null) return false
    const members = each as Readonly<Record<string, unknown>>
    for (const key in members) if (count(members[key])) return true
    return false
  }
  return count(value)
}
