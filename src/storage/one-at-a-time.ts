/** Runs jobs in the order in which they came, each when the one before has ended. */
export const createQueue = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <Result>(job: () => Promise<Result>): Promise<Result> => {
    const own = last.then(job, job)
    last = own.catch(() => {})
    return own
  }
}
