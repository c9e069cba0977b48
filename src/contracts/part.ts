import type { BackendStatus } from './lrs-backend.ts'
import type { CallOptions } from './statement-store.ts'

export type PartStatus =
  | BackendStatus
  | {
      /** It works, but something needs the operator. */
      readonly state: 'degraded'
      /** What to do about it, for the operator. */
      readonly detail: string
      /** What any client may learn of it. It names no host and no path. */
      readonly hint?: string
    }

/** A part that runs. */
export interface RunningPart<Service = unknown> {
  /** What later parts use of it. */
  readonly service: Service
  /** Finishes what was accepted, and releases everything. It is called once. */
  stop(): Promise<void>
  /** The present health. It is asked often, and answers within the time limits of its settings. */
  health(options?: CallOptions): Promise<PartStatus>
}

/** What a part gets when it starts. */
export interface PartContext {
  /** Aborted when the process is told to stop during the start. */
  readonly signal: AbortSignal
  /** The service of a part that was started earlier. */
  use<Service>(part: Part<Service>): Service
  /** All parts that run now, by name, in the order in which they were started. */
  running(): ReadonlyMap<string, RunningPart>
}

/** A piece of the server that runs as long as the server. It has its own start, stop and health. */
export interface Part<Service = unknown> {
  /** The name in the heartbeat, `ralph doctor` and the log. */
  readonly name: string
  start(context: PartContext): Promise<RunningPart<Service>>
  /** For `ralph doctor`: whether it could start with the present settings. Nothing is started. */
  readonly check?: () => Promise<PartStatus>
}
