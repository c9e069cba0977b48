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
    // The kind under the same name.
    kind: optionKinds[name] as Kind<ClientOptions[Name]>,
    default: undefined,
    defaultText: String(usualOptions[name]),
    description
  })

/** Names and defaults are those of Ralph 5; RECONNECT is ours. */
export const wsParameters = {
  uri: parameter('URI', {
    kind: uri,
    default: undefined,
    description: 'Where the messages come from: a ws:// or wss:// URL.',
    // It may carry a token.
    secret: true
  }),
  reconnect: parameter('RECONNECT', {
    kind: integer(0, 1_000_000),
    default: 0,
    description:
      'How many times in a row a lost connection is tried to be made again; what is sent in the meantime is lost.'
  }),
  clientOptions: parameter('CLIENT_OPTIONS', {
    kind: optionList,
    default: undefined,
    description: 'All of the following at once: key=value, separated by commas.'
  }),
  close_timeout: option('close_timeout', 'Seconds for which the other side may take to say goodbye.'),
  compression: option('compression', 'Whether the other side may compress messages: deflate or none.'),
  max_size: option('max_size', 'Bytes of the longest message that is taken.'),
  max_queue: option('max_queue', 'Messages that are held for a reader who is slow before no more are taken.'),
  open_timeout: option('open_timeout', 'Seconds within which the connection must be open.'),
  origin: option('origin', 'Header Origin of the request, for servers that ask for it.'),
  ping_interval: option('ping_interval', 'Seconds between pings, which find out whether the other side is there.'),
  ping_timeout: option('ping_timeout', 'Seconds within which a ping must be answered.'),
  read_limit: option('read_limit', 'Bytes that are held for a reader who is slow before no more are taken.'),
  write_limit: option('write_limit', 'A setting of Python Ralph 5. It is accepted and has no effect here.'),
  user_agent_header: option('user_agent_header', 'Header User-Agent of the request.')
}
