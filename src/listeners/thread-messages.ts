import type { ConfigBlock, ListenerMessage } from '../contracts/listeners.ts'

/** What a thread of a handler starts with. */
export interface HandlerTask {
  /** Of the module, as a URL. */
  readonly module: string
  readonly config: ConfigBlock
}

export interface HandlerWork {
  readonly message: ListenerMessage
  readonly metadata: ConfigBlock
  /** Path of a file with the data. */
  readonly data: string
}

/** A request to a route of a handler. */
export interface RouteRequest {
  /** As the handler names it: `GET /sizes/:uuid`. */
  readonly route: string
  readonly method: string
  /** What follows the name of the handler: `/sizes/1`. */
  readonly path: string
  /** By the names in the route. */
  readonly parameters: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Parsed if it is JSON; otherwise a text. Undefined: there is none. */
  readonly body: unknown
}

/** An error that went from one thread to another. */
export interface SentError {
  readonly message: string
  /** True: trying again makes no sense. */
  readonly final: boolean
}

export type ToThread =
  | { readonly kind: 'work'; readonly work: HandlerWork }
  | { readonly kind: 'request'; readonly request: RouteRequest }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: SentError }

/** `database.execute_query`, `lrs.store`, `log.info`: with what it is called. */
export interface HandlerCall {
  readonly id: number
  readonly of: 'database' | 'lrs' | 'log'
  readonly name: string
  readonly values: readonly unknown[]
}

export type FromThread =
  | { readonly kind: 'ready'; readonly routes: readonly string[] }
  | { readonly kind: 'call'; readonly call: HandlerCall }
  | { readonly kind: 'done'; readonly value?: unknown }
  | { readonly kind: 'failed'; readonly error: SentError }

export const sentError = (error: unknown): SentError => ({
  message: error instanceof Error ? error.message : String(error),
  final: typeof error === 'object' && error !== null && 'final' in error && error.final === true
})
