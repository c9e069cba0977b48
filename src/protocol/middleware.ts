/** A function around each call. It calls `next` once, and may look at its result or error. */
export type MiddlewareOf<Call> = (call: Call, next: () => Promise<void>) => Promise<void>

/** The first middleware of the list is the outermost one. */
export const composed =
  <Call>(list: readonly MiddlewareOf<Call>[]): MiddlewareOf<Call> =>
  (call, next) =>
    list.reduceRight<() => Promise<void>>((inner, each) => () => each(call, inner), next)()
