/** The format RowBinary of ClickHouse: the values of a row one after the other, with nothing in between. */
export interface RowWriter {
  u8(value: number): void
  u32(value: number): void
  /** A whole number that is exact in a double. */
  i64(value: number): void
  /** A FixedString, or other bytes of a known length. */
  fixed(value: Uint8Array): void
  /** A String. The bytes must not change until they are sent. */
  bytes(value: Uint8Array): void
  /** A String in UTF-8. */
  text(value: string): void
  /** The number of elements of an Array. The elements follow. */
  count(value: number): void
  /** Everything that was written, in pieces. The writer cannot be used afterwards. */
  finish(): Rows
}

/** Rows in pieces. A piece need not end with a row. */
export type Rows = readonly Uint8Array[]

export const lengthOf = (rows: Rows): number => rows.reduce((sum, { length }) => sum + length, 0)

const two32 = 2 ** 32

/** The sizes of the first piece and of those that follow. Text is copied once and never again to make room. */
const pieceSizes = { first: 4096, next: 2 ** 18 }

export const createRowWriter = (): RowWriter => {
  const pieces: Uint8Array[] = []
  let buffer = Buffer.allocUnsafe(pieceSizes.first)
  let at = 0

  const endPiece = (length: number): void => {
    if (at > 0) pieces.push(buffer.subarray(0, at))
    buffer = Buffer.allocUnsafe(Math.max(pieceSizes.next, length))
    at = 0
  }

  const reserve = (length: number): void => {
    if (at + length > buffer.length) endPiece(length)
  }

  const count = (value: number): void => {
    reserve(5)
    let rest = value
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
  }

  const fixed = (value: Uint8Array): void => {
    reserve(value.length)
    buffer.set(value, at)
    at += value.length
  }

  return {
    u8: (value) => {
      reserve(1)
      buffer[at++] = value
    },
    u32: (value) => {
      reserve(4)
      at = buffer.writeUInt32LE(value, at)
    },
    i64: (value) => {
      reserve(8)
      const high = Math.floor(value / two32)
      at = buffer.writeUInt32LE(value - high * two32, at)
      at = buffer.writeInt32LE(high, at)
    },
    fixed,
    bytes: (value) => {
      count(value.length)
      if (value.length < pieceSizes.next) return fixed(value)
      endPiece(0)
      pieces.push(value)
    },
    text: (value) => {
      const length = Buffer.byteLength(value)
      count(length)
      reserve(length)
      at += buffer.write(value, at)
    },
    count,
    finish: () => {
      if (at > 0) pieces.push(buffer.subarray(0, at))
      return pieces
    }
  }
}

export interface RowReader {
  /** Whether there is another row. */
  more(): boolean
  u8(): number
  u32(): number
  i64(): number
  /** A view of the bytes that were read, like the next ones. */
  fixed(length: number): Buffer
  bytes(): Buffer
  text(): string
  count(): number
}

export const readRows = (buffer: Buffer): RowReader => {
  let at = 0
  const count = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const byte = buffer.readUInt8(at++)
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  const fixed = (length: number): Buffer => {
    if (at + length > buffer.length) throw new RangeError('the answer of ClickHouse ends in the middle of a value')
    at += length
    return buffer.subarray(at - length, at)
  }
  return {
    more: () => at < buffer.length,
    u8: () => buffer.readUInt8(at++),
    u32: () => {
      at += 4
      return buffer.readUInt32LE(at - 4)
    },
    i64: () => {
      at += 8
      return buffer.readInt32LE(at - 4) * two32 + buffer.readUInt32LE(at - 8)
    },
    fixed,
    bytes: () => fixed(count()),
    text: () => fixed(count()).toString(),
    count
  }
}
