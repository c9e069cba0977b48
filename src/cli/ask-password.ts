import { createInterface } from 'node:readline'
import { RalphError } from '../errors.ts'

const aborted = (): RalphError => new RalphError('INVALID_INPUT', 'Aborted: no password was given')

/** Asks at a terminal without showing what is typed, until the same password was entered twice. */
const askTwice = async (): Promise<string> => {
  // Without an output, readline echoes nothing. It also switches off the echo of the terminal until it is closed.
  const terminal = createInterface({ input: process.stdin, terminal: true })
  terminal.on('SIGINT', () => terminal.close())
  const lines = terminal[Symbol.asyncIterator]()
  const ask = async (prompt: string): Promise<string> => {
    process.stderr.write(prompt)
    const { value, done } = await lines.next()
    process.stderr.write('\n')
    if (done) throw aborted()
    return value
  }
  try {
    for (;;) {
      const password = await ask('Password: ')
      if (password === '') continue
      if ((await ask('Repeat for confirmation: ')) === password) return password
      process.stderr.write('Error: The two entered values do not match.\n')
    }
  } finally {
    terminal.close()
  }
}

/** The first two lines of standard input. The second one, if there is one, repeats the first. */
const readPiped = async (): Promise<string> => {
  const lines: string[] = []
  for await (const line of createInterface({ input: process.stdin })) {
    lines.push(line)
    if (lines.length === 2) break
  }
  const [password, repeated] = lines
  if (password === undefined || password === '') throw aborted()
  if (repeated !== undefined && repeated !== '' && repeated !== password) {
    throw new RalphError('INVALID_INPUT', 'The two entered values do not match')
  }
  return password
}

/**
 * Asks for a new password twice. From a pipe it is the first line; a second line may repeat it. Throws `INVALID_INPUT` if there
 * is none.
 */
export const askPassword = (): Promise<string> => (process.stdin.isTTY ? askTwice() : readPiped())
