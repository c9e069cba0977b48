import { setting, type Values } from './define.ts'
import { boolean, headerText, integer, text } from './kinds.ts'

/** The block `metrics` of the configuration file. */
export const metricsGroup = {
  enabled: setting('METRICS__ENABLED', {
    kind: boolean,
    default: false,
    flag: 'metrics',
    description:
      'The server counts and measures what it does, and shows it for Prometheus at `/metrics` on its own port.'
  }),
  host: setting('METRICS__HOST', {
    kind: text,
    default: '127.0.0.1',
    flag: 'metrics-host',
    description: 'Address on which metrics are shown; 127.0.0.1: to programs of this machine only.'
  }),
  port: setting('METRICS__PORT', {
    kind: integer(0, 65_535),
    default: 9464,
    flag: 'metrics-port',
    description: 'Port on which metrics are shown; 0: any free one.'
  }),
  token: setting('METRICS__TOKEN', {
    kind: headerText,
    default: undefined,
    flag: 'metrics-token',
    secret: true,
    description: 'Whoever asks for metrics must send this as a bearer token; none: nobody must.'
  })
}

export type MetricsSettings = Values<typeof metricsGroup>
