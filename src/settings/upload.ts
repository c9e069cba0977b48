import { baseUrl } from './base-url.ts'
import { type Setting, type SettingsGroup, setting, type Values } from './define.ts'
import { duration, integer, size, text } from './kinds.ts'

const orOfLrs = <Value>(declared: Setting<Value>, parameter: string): Setting<Value> => ({
  ...declared,
  fallbacks: [`RALPH_BACKENDS__DATA__LRS__${parameter}`]
})

/** The settings of `ralph upload`. Address and user default to those of the data backend `lrs`. */
export const uploadGroup = {
  to: orOfLrs(
    setting('UPLOAD__TO', {
      kind: baseUrl,
      default: { href: 'http://localhost:8100/', username: undefined, password: undefined },
      defaultText: 'that of the data backend lrs: http://localhost:8100',
      flag: 'to',
      description: 'Address of the server; the URL may contain the user name and the password.',
      secret: true
    }),
    'BASE_URL'
  ),
  username: orOfLrs(
    setting('UPLOAD__USERNAME', {
      kind: text,
      default: undefined,
      defaultText: 'that of the data backend lrs: ralph',
      flag: 'username',
      description: 'User name. The user needs the scope `statements/write`.'
    }),
    'USERNAME'
  ),
  password: orOfLrs(
    setting('UPLOAD__PASSWORD', {
      kind: text,
      default: undefined,
      defaultText: 'that of the data backend lrs: secret',
      flag: 'password',
      description:
        'Password of the user. Set it by a variable or a file of RALPH_SECRETS_DIR to hide it from other users.',
      secret: true
    }),
    'PASSWORD'
  ),
  chunkSize: setting('UPLOAD__CHUNK_SIZE', {
    kind: size(1024, 2 ** 30),
    default: 2 ** 23,
    defaultText: '8MiB',
    flag: 'chunk-size',
    description: 'Bytes of one request, which are also held in memory. After a break at most one request is sent again.'
  }),
  retries: setting('UPLOAD__RETRIES', {
    kind: integer(0, 10_000),
    default: 12,
    flag: 'retries',
    description:
      'How often the server is tried again before the command gives up. The count restarts when bytes arrive.'
  }),
  timeout: setting('UPLOAD__TIMEOUT', {
    kind: duration,
    default: 60_000,
    defaultText: '60s',
    flag: 'timeout',
    description: 'Time without a byte in either direction after which a request is given up.'
  })
} as const satisfies SettingsGroup

export type UploadClientSettings = Values<typeof uploadGroup>
