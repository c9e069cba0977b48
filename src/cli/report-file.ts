import { closeSync, openSync, writeSync } from 'node:fs'
import { messageOf, RalphError } from '../errors.ts'

export interface ReportFile {
  add(line: string): void
  /** Throws if something could not be written. */
  close(): void
}

const batch = 65_536

const unwritable = (path: string, cause: unknown): RalphError =>
  new RalphError('STORE_FULL', `The report ${path} cannot be written: ${messageOf(cause)}`, { path }, { cause })

/** Creates or replaces a file of lines. A failure is reported at the end and does not stop the command. */
export const openReport = (path: string): ReportFile => {
  let file: number
  try {
    file = openSync(path, 'w')
  } catch (error) {
    throw unwritable(path, error)
  }
  let pending = ''
  let failure: RalphError | undefined
  const flush = (): void => {
    const bytes = Buffer.from(pending)
    pending = ''
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    } catch (error) {
      failure = unwritable(path, error)
    }
  }
  return {
    add: (line) => {
      if (failure !== undefined) return
      pending += line
      if (pending.length >= batch) flush()
    },
    close: () => {
      if (failure === undefined) flush()
      closeSync(file)
      if (failure !== undefined) throw failure
    }
  }
}
