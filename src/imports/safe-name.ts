/** What the directories of some systems take as a name, in bytes, less what a backend adds while it writes. */
const longestName = 180

/** The name of the file as it can stand behind a slash in any store. Nothing in it is a pattern, and it is not hidden. */
export const safeName = (filename: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be replaced
  const shown = filename.replace(/[\u0000-\u001f\u007f/\\*?[\]{}()]/g, '_').replace(/^\./, '_')
  let end = shown.length
  while (Buffer.byteLength(shown.slice(0, end)) > longestName) end -= 1
  return shown.slice(0, end).toWellFormed() || '_'
}
