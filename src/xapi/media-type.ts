/** Type and subtype in lower case, without parameters. Media types ignore case (RFC 9110 §8.3.1). */
export const mediaType = (contentType: string): string => {
  const semicolon = contentType.indexOf(';')
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}
