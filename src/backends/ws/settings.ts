import { parameter, type Setting } from '../../settings/define.ts'
import { integer, type Kind } from '../../settings/kinds.ts'
import { type ClientOptions, optionKinds, optionList, usualOptions } from './client-options.ts'

const uri: Kind<string> = {
  expected: 'a ws:// or wss:// URL',
  parse: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    return url !== undefined && /^wss?:$/.test(url.protocol) && url.hash === '' ? url.href : undefined
  }
}

const option = <Name extends keyof ClientOptions>(
  name: Name,
  description: string
): Setting<ClientOptions[Name] | undefined> =>
  parameter(`CLIENT_OPTIONS__${name}`, {
    // The kind with the same name.
    kind: optionKinds[name] as Kind<ClientOptions[Name]>,
    default: undefined,
    defaultText: String(usualOptions[name]),
    description
  })

/** Names and defaults are those of Python Ralph 5. Only RECONNECT is ours. */
export const wsParameters = {
  uri: parameter('URI', {
    kind: uri,
    default: undefined,
    description: 'URL that the messages come from: ws:// or wss://.',
    // It may contain a token.
    secret: true
  }),
  reconnect: parameter('RECONNECT', {
    kind: integer(0, 1_000_000),
    default: 0,
    description: 'Attempts in a row to restore a lost connection. Messages that are sent in the meantime are lost.'
  }),
  clientOptions: parameter('CLIENT_OPTIONS', {
    kind: optionList,
    default: undefined,
    description: 'All of the following options together: key=value, separated by commas.'
  }),
  close_timeout: option('close_timeout', 'Seconds that the other side may take to close the connection.'),
  compression: option('compression', 'Whether the other side may compress messages: deflate or none.'),
  max_size: option('max_size', 'Bytes of the longest message that is accepted.'),
  max_queue: option('max_queue', 'Messages that are kept for a slow reader before the connection is paused.'),
  open_timeout: option('open_timeout', 'Seconds within which the connection must be open.'),
  origin: option('origin', 'Header Origin of the request, for servers that require it.'),
  ping_interval: option('ping_interval', 'Seconds between pings, which find out whether the other side is alive.'),
  ping_timeout: option('ping_timeout', 'Seconds within which a ping must be answered.'),
  read_limit: option('read_limit', 'Bytes that are kept for a slow reader before the connection is paused.'),
  write_limit: option('write_limit', 'A setting of Python Ralph 5. It is accepted and has no effect here.'),
  user_agent_header: option('user_agent_header', 'Header User-Agent of the request.')
}
