/**
 * Long work in short steps, so that others are served between them: each `next` takes a millisecond or two. Wherever it yields, all that it
 * has touched can be read by others.
 */
export type Yielding<Result> = Generator<void, Result, void>

/** Does all of it in one go. */
export const atOnce = <Result>(steps: Yielding<Result>): Result => {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
