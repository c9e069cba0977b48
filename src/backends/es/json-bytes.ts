export const openBrace = 0x7b
export const closeBrace = 0x7d
export const comma = 0x2c

/** Bytes as characters, so positions are those of bytes. The characters that structure JSON are ASCII in UTF-8. */
export type Bytes = string
