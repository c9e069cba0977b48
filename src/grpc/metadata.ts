import type { Metadata } from '@grpc/grpc-js'

/** The first value of a name, where it is text. */
export const firstOf = (metadata: Metadata, name: string): string | undefined => {
  const [value] = metadata.get(name)
  return typeof value === 'string' ? value : undefined
}
