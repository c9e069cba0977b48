/** Bytes of an answer of the provider; real ones have a few thousand. */
const maxAnswer = 2 ** 20

/** Milliseconds until the whole answer must be there, as in Python Ralph. */
const patience = 5000

const readBounded = async (body: AsyncIterable<Uint8Array>): Promise<Buffer<ArrayBuffer>> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxAnswer) throw new Error(`the answer has more than ${maxAnswer} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

interface Question {
  readonly method: string
  readonly headers: NonNullable<RequestInit['headers']>
  readonly body?: RequestInit['body'] | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * `fetch` for a provider that may be slow, or send without end: the whole answer is read here, within 5 seconds and up to
 * 1 MiB. It follows no redirect, because the secret of the client must reach nobody else.
 */
export const boundedFetch = async (url: string, { method, headers, body, signal }: Question): Promise<Response> => {
  const limit = AbortSignal.timeout(patience)
  const answer = await fetch(url, {
    method,
    headers,
    body: body ?? null,
    redirect: 'manual',
    signal: signal ? AbortSignal.any([signal, limit]) : limit
  })
  const bytes = answer.body === null ? null : await readBounded(answer.body)
  // The constructor refuses even an empty body for statuses that have none.
  return new Response(bytes?.length === 0 ? null : bytes, { status: answer.status, headers: answer.headers })
}
