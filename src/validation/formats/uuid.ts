/**
 * Standard string form, of any version. The variant is not looked at: the specification's own example ids do not have
 * the one it asks for (Data §2.4, §2.4.1).
 */
const uuid = /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/

export const isUuid = (text: string): boolean => text.length === 36 && uuid.test(text)
