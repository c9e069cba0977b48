import { setting, type Values } from './define.ts'
import { choice, type Kind, list, text } from './kinds.ts'
import { createReader } from './read.ts'
import type { Sources } from './sources.ts'

/** It contains user and password, so the whole value is a secret. */
const brokerUrl: Kind<string> = {
  placeholder: 'url',
  expected: 'an amqp:// or amqps:// URL',
  parse: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined
    const isBroker = url !== undefined && url.hostname !== '' && ['amqp:', 'amqps:'].includes(url.protocol)
    return isBroker ? value : undefined
  }
}

/** For a server that announces what it stores: the block `notify` of the configuration file. */
export const notifyGroup = {
  url: setting('NOTIFY__URL', {
    kind: brokerUrl,
    default: undefined,
    flag: 'notify-url',
    secret: true,
    description:
      'RabbitMQ (amqp://user:password@host:port/vhost) to which the server announces each statement it stores.'
  }),
  exchange: setting('NOTIFY__EXCHANGE_NAME', {
    kind: text,
    default: 'x_sqapi',
    flag: 'notify-exchange-name',
    description: 'Exchange to which announcements are published.'
  }),
  exchangeType: setting('NOTIFY__EXCHANGE_TYPE', {
    kind: choice(['fanout', 'direct', 'topic', 'headers']),
    default: 'fanout',
    flag: 'notify-exchange-type',
    description: 'Type of that exchange, if Ralph has to create it.'
  }),
  routingKey: setting('NOTIFY__ROUTING_KEY', {
    kind: text,
    default: 'q_sqapi',
    flag: 'notify-routing-key',
    description: 'Routing key of announcements; an exchange of type fanout ignores it.'
  }),
  begin: setting('NOTIFY__BEGIN', {
    kind: choice(['first', 'now']),
    default: 'first',
    flag: 'notify-begin',
    description: 'Where announcing begins for a store: with its first statement, or with new statements only.'
  }),
  targets: setting('NOTIFY__TARGETS', {
    kind: list(text, 'targets'),
    default: [],
    defaultText: '',
    flag: 'notify-targets',
    description: 'Targets whose statements are announced too, besides the default one.'
  })
}

export type NotifySettings = Omit<Values<typeof notifyGroup>, 'url'> & { readonly url: string }

/** Undefined: announcing is off. Throws `INVALID_SETTING` with all problems. */
export const loadNotify = (sources: Sources): NotifySettings | undefined => {
  const reader = createReader(sources)
  const { url, ...notify } = reader.read(notifyGroup)
  reader.finish()
  return url === undefined ? undefined : { ...notify, url }
}
