import { setting, type Values } from './define.ts'
import { boolean, duration, type Kind, list } from './kinds.ts'

/** `example.org`, `example.org:8080`, `https://example.org/ready`, `tcp://example.org:5432`; returned as a URL. */
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
      'Other services that the server needs: the heartbeat and `ralph doctor` check whether each one answers.'
  }),
  required: setting('HEALTH__REQUIRED', {
    kind: boolean,
    default: false,
    flag: 'health-required',
    description: 'If one of them does not answer, the heartbeat is 503 instead of `degraded`.'
  }),
  timeout: setting('HEALTH__TIMEOUT', {
    kind: duration,
    default: 2000,
    defaultText: '2s',
    flag: 'health-timeout',
    description: 'Time within which each of them must answer.'
  })
}

export type HealthSettings = Values<typeof healthGroup>
