import { setting, type Values } from './define.ts'
import { boolean, duration, type Kind, list } from './kinds.ts'

/** `example.org`, `example.org:8080`, `https://example.org/ready`, `tcp://example.org:5432`; given back as a URL. */
const endpoint: Kind<string> = {
  expected: 'an address',
  parse: (value) => {
    const whole = value.includes('://') ? value : `http://${value}`
    if (!URL.canParse(whole)) return undefined
    const { protocol, hostname, port, href } = new URL(whole)
    if (hostname === '' || !['http:', 'https:', 'tcp:'].includes(protocol)) return undefined
    return protocol === 'tcp:' && port === '' ? undefined : href
  }
}

/** The block `health` of the configuration file. */
export const healthGroup = {
  endpoints: setting('HEALTH__ENDPOINTS', {
    kind: list(endpoint, 'addresses (host[:port], http://…, https://…, tcp://host:port)'),
    default: [],
    defaultText: '',
    flag: 'health-endpoints',
    description:
      'What the server needs beside its store: each is asked whether it answers, for the heartbeat and `ralph doctor`.'
  }),
  required: setting('HEALTH__REQUIRED', {
    kind: boolean,
    default: false,
    flag: 'health-required',
    description: 'The heartbeat is 503 while one of them does not answer; otherwise it says `degraded`.'
  }),
  timeout: setting('HEALTH__TIMEOUT', {
    kind: duration,
    default: 2000,
    defaultText: '2s',
    flag: 'health-timeout',
    description: 'Within this time each of them must answer.'
  })
}

export type HealthSettings = Values<typeof healthGroup>
