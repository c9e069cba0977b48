/** Runs jobs one at a time, in the order in which they came. A job that fails does not stop the next one. */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <Result>(job: () => Promise<Result>): Promise<Result> => {
    const own = last.then(job, job)
    last = own.catch(() => {})
    return own
  }
}
