/**
 * Long work in short steps, so that other requests are served in between. Each `next` takes a millisecond or two. Wherever it yields,
 * others may read all that it has changed.
 */
export type Yielding<Result> = Generator<void, Result, void>

/** Does all of it at once. */
export const atOnce = <Result>(steps: Yielding<Result>): Result => {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
