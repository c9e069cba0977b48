import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { rooms } from '../architecture/rooms.ts'

/** The documents for people, README first. */
export const pages: readonly string[] = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md').sort()]

/** Those that have parts which are printed from the code. */
export const printedPages: readonly string[] = [...pages, 'schemas/edx/conversions.md']

export const readPage = (page: string): string => readFileSync(page, 'utf8')

const ralph = async (words: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['src/main.ts', ...words], { maxBuffer: 2 ** 24 })).stdout

const roomsAsMarkdown = (): string =>
  [
    '| room | may import | why |',
    '| --- | --- | --- |',
    ...Object.entries(rooms).map(([room, { may, sentence }]) => {
      const named = may.map((each) => `\`${each}\``).join(', ')
      return `| \`${room}\` | ${named || 'nothing'} | ${sentence} |`
    })
  ].join('\n')

/** What stands between `<!-- begin: SOURCE -->` and `<!-- end -->`: a command of Ralph, or a file of this repository. */
const print = async (source: string): Promise<string> => {
  const [name, ...words] = source.split(' ')
  if (name === 'ralph') return ralph(words)
  if (source === 'test/architecture/rooms.ts') return roomsAsMarkdown()
  throw new Error(`nothing prints ${source}`)
}

/** The page with every part that is printed from the code as the code prints it now. */
export const printed = async (text: string): Promise<string> => {
  let whole = text
  for (const [part, source = ''] of text.matchAll(/<!-- begin: (.*?) -->\n.*?<!-- end -->/gs)) {
    const content = (await print(source)).trim()
    whole = whole.replace(part, () => `<!-- begin: ${source} -->\n\n${content}\n\n<!-- end -->`)
  }
  return whole
}
