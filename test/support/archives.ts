import { crc32, gzipSync, zstdCompressSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'

export const line = 'one line\n'

/** `line`, by the program bzip2. */
export const bz2OfLine = Buffer.from('QlpoOTFBWSZTWTP8DMUAAARRAAAQQAACJaAAMQwA0NPRyEeSUXckU4UJAz/AzFA=', 'base64')

/** `line`, by the program xz. */
export const xzOfLine = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAIb25lIGxpbmUKAAAAANSWcXF2ltA9AAEhCWwYxdUftvN9AQAAAAAEWVo=',
  'base64'
)

/** `sub/l.txt` with `line`, by the programs tar and bzip2. */
export const tarBz2 = Buffer.from(
  'QlpoOTFBWSZTWZIgaB4AAJB7gMqQAIBAAfeAAIRyJZ5ABAggAHQSiINNBoBoNDQSUgaNqDQAAPu4NcxOkBB6SEWxi9gsi4YpEIcBrJWdDBvXJTUIibxrEGj9YQWK2YtKHOFYobHpIhF8vJ+jiTZzPlJmEBED8XckU4UJCSIGgeA=',
  'base64'
)

export type TarEntry = Partial<Header> & { readonly name: string; readonly content?: string | Buffer }

export const tarOf = async (entries: readonly TarEntry[]): Promise<Buffer> => {
  const packing = pack()
  for (const { content, ...header } of entries) packing.entry(header, content ?? '')
  packing.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of packing) if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

export const tarGzOf = async (entries: readonly TarEntry[]): Promise<Buffer> => gzipSync(await tarOf(entries))
export const zstOfLine = zstdCompressSync(line)
export const gzOfLine = gzipSync(line)

/** A zip archive that is not compressed; `mode` is what Unix would say of an entry. */
export const zipOf = (
  entries: readonly { readonly name: string; readonly content: string; readonly mode?: number }[]
): Buffer => {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, mode = 0o100600 } of entries) {
    const [bytes, called] = [Buffer.from(content), Buffer.from(name)]
    const about = Buffer.alloc(22)
    about.writeUInt16LE(0x800, 2)
    about.writeUInt32LE(crc32(bytes), 10)
    about.writeUInt32LE(bytes.length, 14)
    about.writeUInt32LE(bytes.length, 18)
    const local = Buffer.alloc(30)
    local.write('PK\x03\x04', 'latin1')
    local.writeUInt16LE(20, 4)
    about.copy(local, 6, 2)
    local.writeUInt16LE(called.length, 26)
    const central = Buffer.alloc(46)
    central.write('PK\x01\x02', 'latin1')
    central.writeUInt16LE(0x314, 4)
    central.writeUInt16LE(20, 6)
    about.copy(central, 8, 2)
    central.writeUInt16LE(called.length, 28)
    central.writeUInt32LE(mode * 2 ** 16, 38)
    central.writeUInt32LE(offset, 42)
    files.push(local, called, bytes)
    directory.push(central, called)
    offset += local.length + called.length + bytes.length
  }
  const all = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(all.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...files, all, end])
}
