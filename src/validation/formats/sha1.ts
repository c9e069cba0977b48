const sha1 = /^[0-9A-Fa-f]{40}$/

/** SHA-1 in hexadecimal, in any case (Data §2.4.2.3). */
export const isSha1 = (text: string): boolean => text.length === 40 && sha1.test(text)
