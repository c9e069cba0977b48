import type { Log } from '../contracts/log.ts'
import { onOneLine } from '../telemetry/printable.ts'

/** Refused lines that are logged; a report has them all. */
const mostLogged = 1000

/** Kinds that are counted: logs that hold more of them hold no kinds. */
const mostKinds = 1000

export interface RefusedLines {
  /** `kind`: what the line is, where nobody knows such a thing; said once for each kind. */
  tell(line: number, reason: string, kind: string | undefined): void
  /** How often there were kinds that nobody knows. */
  end(): void
}

/** Tells of lines that are refused: each that is wrong, up to a thousand, and each kind that nobody knows once. */
export const tellRefusedLines = (log: Log): RefusedLines => {
  const unknown = new Map<string, number>()
  let told = 0
  return {
    tell: (line, reason, kind) => {
      const before = kind === undefined ? 0 : (unknown.get(kind) ?? 0)
      if (kind !== undefined && (before > 0 || unknown.size < mostKinds)) unknown.set(kind, before + 1)
      if (before > 0) return
      told += 1
      if (told <= mostLogged) log[kind === undefined ? 'error' : 'warn'](onOneLine(`line ${line} ${reason}`))
      if (told === mostLogged) log.warn('further lines are counted and not shown: --report <file> keeps them all')
    },
    end: () => {
      for (const [kind, times] of unknown) if (times > 1) log.warn(onOneLine(`${kind}: ${times} times`))
    }
  }
}
