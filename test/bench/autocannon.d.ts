/** What the benchmark uses of autocannon, which brings no types of its own. */
declare module 'autocannon' {
  namespace autocannon {
    interface Request {
      method?: string
      path?: string
      body?: string
      headers?: { [name: string]: string }
      setupRequest?: (request: Request) => Request
    }
    interface Options {
      url: string
      connections: number
      /** Seconds; `amount` takes precedence. */
      duration?: number
      amount?: number
      requests: Request[]
    }
    interface Result {
      /** Seconds. */
      duration: number
      errors: number
      timeouts: number
      non2xx: number
      '2xx': number
      /** Milliseconds. */
      latency: { p50: number; p99: number }
    }
  }
  function autocannon(options: autocannon.Options): Promise<autocannon.Result>
  export = autocannon
}
