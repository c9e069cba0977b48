import type { Log } from '../contracts/log.ts'
import { onOneLine } from '../telemetry/printable.ts'

/** The most refused lines that are logged. A report has all of them. */
const mostLogged = 1000

/** The most kinds that are counted. Input with more of them does not really have kinds. */
const mostKinds = 1000

export interface RefusedLines {
  /** `kind` is the type of a line if the type is unknown. Each kind is logged once. */
  tell(line: number, reason: string, kind: string | undefined): void
  /** Logs how often each unknown kind occurred. */
  end(): void
}

/** Logs refused lines: up to a thousand invalid ones, and each unknown kind once. */
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
      if (told === mostLogged) log.warn('further lines are counted but not shown: --report <file> keeps all of them')
    },
    end: () => {
      for (const [kind, times] of unknown) if (times > 1) log.warn(onOneLine(`${kind}: ${times} times`))
    }
  }
}
