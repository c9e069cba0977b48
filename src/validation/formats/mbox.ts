/**
 * `mailto:` and one e-mail address (Data §2.4.2.3): a local part without quotes, white space or separators, then a
 * domain name or a bracketed address literal. Letters of any script are allowed in both (RFC 6532).
 */
const mbox =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are refused.
  /^mailto:[^\s\u0000-\u0020"(),:;<>@[\\\]\u007f-\u009f]+@(?:[\w\u00a1-\uffff-]+(?:\.[\w\u00a1-\uffff-]+)*|\[[\w.:]+\])$/

/** An address has at most 254 bytes (RFC 5321 §4.5.3). Percent-encoding makes it up to three times as long. */
const longest = 'mailto:'.length + 3 * 254

export const isMbox = (text: string): boolean => text.length <= longest && mbox.test(text)
