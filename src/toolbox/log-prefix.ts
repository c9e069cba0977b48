/**
 * Loggers write something in front of a record: `2023-05-23 13:53:13,461 INFO 20 [tracking] [user 6] [ip 192.0.2.7]
 * logger.py:41 - {…}` by Open edX itself, `May 23 13:53:13 lms [service_variant=lms][tracking]… - {…}` by way of
 * syslog, `192.0.2.7 - - [23/May/2023:13:53:13 +0000] {…}` by a proxy, `lms-1  | ` by compose in front of any of them.
 */

/** What tells that a logger wrote it: the time, in one of the forms that are in use, or the name of edX's logger. */
const sign =
  /\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d\d:\d\d:\d\d|\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d|\[tracking\]/

/** No prefix is longer, and what is longer is not searched. */
export const longestPrefix = 1024

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

const quote = 0x22

/** Whether what follows is the first key of an object. */
const beginsKey = (text: string, from: number): boolean => {
  let at = from
  while (isSpace(text.charCodeAt(at))) at += 1
  return text.charCodeAt(at) === quote
}

/** Length of what a logger wrote in front of the record on a line; 0: nothing. */
export const prefixLength = (text: string): number => {
  const head = text.length > longestPrefix ? text.slice(0, longestPrefix) : text
  for (let at = head.indexOf('{'); at > 0; at = head.indexOf('{', at + 1)) {
    if (isSpace(head.charCodeAt(at - 1)) && beginsKey(head, at + 1)) return sign.test(head.slice(0, at)) ? at : 0
  }
  return 0
}
