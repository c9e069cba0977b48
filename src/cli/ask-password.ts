import { createInterface } from 'node:readline'
import { RalphError } from '../errors.ts'

const aborted = (): RalphError => new RalphError('INVALID_INPUT', 'Aborted: no password was given')

/** One line from a terminal that does not show what is typed; rejects at Ctrl-C and Ctrl-D. */
const askHidden = (prompt: string): Promise<string> =>
  new Promise((resolve, reject) => {
    process.stderr.write(prompt)
    // Without an output, readline echoes nothing, and switches off the echo of the terminal itself.
    const terminal = createInterface({ input: process.stdin, terminal: true })
    let answered = false
    terminal.once('line', (line) => {
      answered = true
      terminal.close()
      resolve(line)
    })
    terminal.once('SIGINT', () => terminal.close())
    terminal.once('close', () => {
      process.stderr.write('\n')
      if (!answered) reject(aborted())
    })
  })

/** The first two lines of standard input; the second, if there is one, repeats the first. */
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
 * Asks for a new password twice. From a pipe, it is the first line, which a second one may repeat. `INVALID_INPUT`
 * when none is given.
 */
export const askPassword = async (): Promise<string> => {
  if (!process.stdin.isTTY) return readPiped()
  for (;;) {
    const password = await askHidden('Password: ')
    if (password === '') continue
    if ((await askHidden('Repeat for confirmation: ')) === password) return password
    process.stderr.write('Error: The two entered values do not match.\n')
  }
}
