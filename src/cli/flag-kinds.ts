import { Option } from 'commander'
import { RalphError } from '../errors.ts'
import { type Kind, size } from '../settings/kinds.ts'
import { compressions } from '../streams/compression.ts'
import { defaultMaxLineBytes } from '../streams/lines.ts'

/** How commander reads a flag. Throws `USAGE` for an invalid value. */
export const flagOf =
  <Value>(flag: string, kind: Kind<Value>) =>
  (text: string): Value => {
    const value = kind.parse(text)
    if (value !== undefined) return value
    throw new RalphError('USAGE', `${flag} is ${JSON.stringify(text)}, expected ${kind.expected}`)
  }

/** `--max-line-bytes`, of every command that reads lines. */
export const maxLineBytesOption = (meaning: string): Option =>
  new Option('--max-line-bytes <size>', meaning)
    .argParser(flagOf('--max-line-bytes', size(1, 2 ** 29)))
    .default(defaultMaxLineBytes, '16MiB')

/** `--decompress`, of every command that reads files of lines. */
export const decompressOption = (): Option =>
  new Option('--decompress <kind>', 'compression of the input; auto: detected from the beginning of each file')
    .choices(compressions)
    .default('auto')
