export const openBrace = 0x7b
export const closeBrace = 0x7d
export const comma = 0x2c

/** Bytes as characters, so that positions are those of bytes: what structures JSON is ASCII in UTF-8. */
export type Bytes = string
