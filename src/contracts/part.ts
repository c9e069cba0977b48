import type { BackendStatus } from './lrs-backend.ts'
import type { CallOptions } from './statement-store.ts'

export type PartStatus =
  | BackendStatus
  | {
      /** It does its work, but something needs the operator. */
      readonly state: 'degraded'
      /** What to do about it, for the operator. */
      readonly detail: string
      /** What anybody may be told of it: it names no host and no path. */
      readonly hint?: string
    }

/** A part that runs. */
export interface RunningPart<Service = unknown> {
  /** What later parts use of it. */
  readonly service: Service
  /** Ends what was accepted and lets go of everything. Called once. */
  stop(): Promise<void>
  /** How it is now. Asked often; it answers within its time-out settings. */
  health(options?: CallOptions): Promise<PartStatus>
}

/** What a part is handed when it starts. */
export interface PartContext {
  /** Aborted when the process is told to stop while it is starting. */
  readonly signal: AbortSignal
  /** The service of a part that was started before this one. */
  use<Service>(part: Part<Service>): Service
  /** All parts that run now, by their names, in the order in which they were started. */
  running(): ReadonlyMap<string, RunningPart>
}

/** Something of the server that runs for as long as the server does, with a lifetime and a health of its own. */
export interface Part<Service = unknown> {
  /** As the heartbeat, `ralph doctor` and the log name it. */
  readonly name: string
  start(context: PartContext): Promise<RunningPart<Service>>
  /** For `ralph doctor`: whether it could start as it is set. Nothing is started. */
  readonly check?: () => Promise<PartStatus>
}
