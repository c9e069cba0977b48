import type { StreamedPage } from '../../lrs/query-statements/stream.ts'

/** The fields of Server-Sent Events that we use. */
interface ServerEvent {
  /** A client sends it in Last-Event-ID to continue after this event. */
  readonly id: string
  /** Undefined: the client only learns the id. */
  readonly data?: string
}

/** Characters. Short events are sent together. A slow client never holds much more than this. */
const chunkLength = 2 ** 16

const eventText = ({ id, data }: ServerEvent): string => {
  // A line break between tokens of JSON means nothing. Each line becomes one field.
  const lines = data === undefined ? [] : data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`)
  return `id: ${id}\n${lines.join('')}\n`
}

/**
 * A page as events, each with the position after it. A page without statements sends its position, so that it is not searched
 * again.
 */
function* eventsOf({ texts, positions = [], position }: StreamedPage): Generator<string> {
  let chunk = ''
  for (const [at, data] of texts.entries()) {
    chunk += eventText({ id: positions[at] ?? position, data })
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  if (texts.length === 0 && position !== '') chunk = eventText({ id: position })
  if (chunk !== '') yield chunk
}

/** The pages as chunks of an answer. A comment now and then shows that the stream is alive. */
export async function* streamOfEvents(
  begin: string | undefined,
  pages: AsyncIterator<StreamedPage>,
  heartbeat: number
): AsyncGenerator<string, void, undefined> {
  // A client that reconnects before the first event misses nothing.
  yield begin === undefined ? ': \n\n' : eventText({ id: begin })
  try {
    for (let next = pages.next(); ; ) {
      let timer: NodeJS.Timeout | undefined
      const silence = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), heartbeat)
      })
      const result = await Promise.race([next, silence]).finally(() => clearTimeout(timer))
      if (result === undefined) {
        yield ': \n\n'
        continue
      }
      if (result.done === true) return
      yield* eventsOf(result.value)
      next = pages.next()
    }
  } finally {
    await pages.return?.()
  }
}
