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
 * The lines of a message. A message on one line stays as it is. In JSON, line breaks between tokens mean nothing, so JSON is put on one
 * line. Several JSON values below each other are as many records. Any other text becomes a JSON string, so one message stays one line.
 */
export const linesOf = (message: string): readonly string[] => {
  const text = message.endsWith('\n') ? message.slice(0, message.endsWith('\r\n') ? -2 : -1) : message
  if (!text.includes('\n')) return [text]
  if (isJson(text)) return [onOneLine(text)]
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.every(isJson) ? lines : [JSON.stringify(text)]
}
