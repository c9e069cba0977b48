import { onOneLine } from '../../json/exact.ts'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * The lines that a message becomes. A message on one line stays as it is. In JSON, line breaks stand between things
 * and mean nothing; several JSON values under each other are as many records; any other text becomes a JSON string,
 * so that one message remains one line.
 */
export const linesOf = (message: string): readonly string[] => {
  const text = message.endsWith('\n') ? message.slice(0, message.endsWith('\r\n') ? -2 : -1) : message
  if (!text.includes('\n')) return [text]
  if (isJson(text)) return [onOneLine(text)]
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.every(isJson) ? lines : [JSON.stringify(text)]
}
