/**
 * Standard string form, of any version. The variant is not checked: the example ids of the specification do not have the variant that it
 * requires (Data §2.4, §2.4.1).
 */
const uuid = /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/

export const isUuid = (text: string): boolean => text.length === 36 && uuid.test(text)
