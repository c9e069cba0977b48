import { randomBytes } from 'node:crypto'

/** The trace of a call, as its caller describes it. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits: the span of the call. */
  readonly spanId: string
  readonly isSampled: boolean
}

const isId = (text: string, length: number): boolean =>
  text.length === length && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text)

/** W3C Trace Context: `traceparent: 00-<trace>-<span>-<flags>`. */
const fromTraceparent = (text: string): TraceContext | undefined => {
  const [version = '', traceId = '', spanId = '', flags = ''] = text.trim().split('-')
  if (!/^[0-9a-f]{2}$/.test(version) || version === 'ff' || !/^[0-9a-f]{2}$/.test(flags)) return undefined
  if (!isId(traceId, 32) || !isId(spanId, 16)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** B3, as in Zipkin, where a trace may have 16 digits. */
const fromB3 = (trace: string, span: string, sampled: string): TraceContext | undefined => {
  const traceId = trace.toLowerCase().padStart(32, '0')
  const spanId = span.toLowerCase()
  if (![16, 32].includes(trace.length) || !isId(traceId, 32) || !isId(spanId, 16)) return undefined
  return { traceId, spanId, isSampled: sampled === '1' || sampled === 'd' || sampled === 'true' }
}

/** The trace in the metadata of a call: W3C, B3 in one header, or B3 in several. Undefined: there is none, or it is malformed. */
export const readTrace = (header: (name: string) => string | undefined): TraceContext | undefined => {
  const parent = header('traceparent')
  const w3c = parent === undefined ? undefined : fromTraceparent(parent)
  if (w3c !== undefined) return w3c
  const single = header('b3')
  if (single !== undefined) {
    const [trace = '', span = '', sampled = ''] = single.trim().split('-')
    return fromB3(trace, span, sampled)
  }
  const [trace, span] = [header('x-b3-traceid'), header('x-b3-spanid')]
  if (trace === undefined || span === undefined) return undefined
  return fromB3(trace.trim(), span.trim(), header('x-b3-flags') === '1' ? 'd' : (header('x-b3-sampled') ?? ''))
}

/** A new span in the trace of the caller, or in a new trace. */
export const continueTrace = (caller: TraceContext | undefined): TraceContext => ({
  traceId: caller?.traceId ?? randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
  isSampled: caller?.isSampled ?? false
})

/** The metadata that pass a trace on, by name. */
export const traceHeaders = ({ traceId, spanId, isSampled }: TraceContext): ReadonlyMap<string, string> =>
  new Map([
    ['traceparent', `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`],
    ['b3', `${traceId}-${spanId}-${isSampled ? '1' : '0'}`]
  ])
