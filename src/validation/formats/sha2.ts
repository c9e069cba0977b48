/** Digits of SHA-224, SHA-256, SHA-384 and SHA-512. */
const lengths: ReadonlySet<number> = new Set([56, 64, 96, 128])
const hexadecimal = /^[0-9A-Fa-f]+$/

/** SHA-2 of any size in hexadecimal, in any case (Data §2.4.11). */
export const isSha2 = (text: string): boolean => lengths.has(text.length) && hexadecimal.test(text)
