import { resolve } from 'node:path'
import t from 'tap'
import {
  boolean,
  choice,
  formatSize,
  integer,
  json,
  type Kind,
  list,
  number,
  origin,
  path,
  size,
  text,
  trust,
  url
} from '../../src/settings/kinds.ts'

/** What each text is read as; undefined: refused. */
const tables: readonly (readonly [rule: string, Kind<unknown>, Readonly<Record<string, unknown>>])[] = [
  ['a text is taken as it is', text, { a: 'a', ' a b ': ' a b ' }],
  [
    'a whole number is digits within its bounds',
    integer(0, 65_535),
    { 0: 0, 8100: 8100, 65535: 65_535, '+1': 1, 65536: undefined, '-1': undefined, '1.5': undefined, '1e3': undefined }
  ],
  [
    'a whole number is nothing that only looks like one',
    integer(0, Number.MAX_SAFE_INTEGER),
    { '0x10': undefined, '1_000': undefined, ' 1': undefined, NaN: undefined, '99999999999999999999': undefined }
  ],
  ['a number may have a fraction', number(0, 1), { 0.5: 0.5, 1: 1, 1.1: undefined, x: undefined, ' ': undefined }],
  [
    "Ralph's words for true and false are taken in any case, and no others",
    boolean,
    {
      true: true,
      TRUE: true,
      1: true,
      yes: true,
      on: true,
      False: false,
      0: false,
      no: false,
      off: false,
      2: undefined
    }
  ],
  [
    'a choice is taken in any case, as it is spelt in the list',
    choice(['INFO', 'DEBUG']),
    { debug: 'DEBUG', x: undefined }
  ],
  [
    'a list is JSON or separated by commas',
    list(text, 'texts'),
    {
      'a,b': ['a', 'b'],
      ' a , b ,': ['a', 'b'],
      '["a","b"]': ['a', 'b'],
      '[]': [],
      '[1]': undefined,
      '["a"': undefined
    }
  ],
  ['a path is made absolute', path, { x: resolve('x'), '/x/../y': '/y' }],
  [
    'JSON is an object or a list',
    json,
    { '{"a":1}': { a: 1 }, '[1]': [1], 1: undefined, null: undefined, '{': undefined }
  ],
  [
    'a size is a number of bytes, with or without a unit',
    size(1, 2 ** 30),
    {
      10485760: 10_485_760,
      '32MiB': 33_554_432,
      '32 mib': 33_554_432,
      '1.5KiB': 1536,
      '10kB': 10_000,
      '1GiB': 2 ** 30,
      '2GiB': undefined,
      0: undefined,
      '-1': undefined,
      '1TiB': undefined,
      MiB: undefined
    }
  ],
  [
    'a public URL is http or https, without credentials, query, fragment and trailing slash',
    url,
    {
      'https://lrs.example.org': 'https://lrs.example.org',
      'https://example.org/lrs/': 'https://example.org/lrs',
      'http://example.org:8080/a/b': 'http://example.org:8080/a/b',
      'example.org': undefined,
      'ftp://example.org': undefined,
      'https://a:b@example.org': undefined,
      'https://example.org?x': undefined,
      'https://example.org/#x': undefined
    }
  ],
  [
    'an origin is what a browser sends: no path, no trailing slash, no user; or all, or all of a domain',
    origin,
    {
      'https://lms.example.org': 'https://lms.example.org',
      'http://localhost:3000': 'http://localhost:3000',
      'HTTPS://LMS.example.org': 'https://lms.example.org',
      'https://lms.example.org/': undefined,
      'https://lms.example.org/x': undefined,
      'https://a@lms.example.org': undefined,
      'https://lms.example.org:443': 'https://lms.example.org',
      '*': '*',
      'https://*.example.org': 'https://*.example.org',
      'https://*.Example.org:8443': 'https://*.example.org:8443',
      'https://*': undefined,
      'https://*.': undefined,
      'https://*example.org': undefined,
      'https://a.*.example.org': undefined,
      'https://*.*.example.org': undefined,
      '*.example.org': undefined,
      null: undefined,
      'lms.example.org': undefined
    }
  ],
  [
    'proxies are all, none, or addresses and networks',
    trust,
    {
      true: true,
      '*': true,
      false: false,
      '10.0.0.1': ['10.0.0.1'],
      '10.0.0.0/8, loopback': ['10.0.0.0/8', 'loopback'],
      '["::1","fd00::/8"]': ['::1', 'fd00::/8'],
      '10.0.0.0/33': undefined,
      '10.0.0.0/8/8': undefined,
      'proxy.example.org': undefined
    }
  ]
]

for (const [rule, kind, table] of tables) {
  t.test(rule, async (t) => {
    for (const [given, read] of Object.entries(table)) t.strictSame(kind.parse(given), read, given)
  })
}

t.test('a size is shown in the largest unit that is exact', async (t) => {
  t.strictSame([1, 1024, 65_536, 3 * 2 ** 20, 2 ** 30, 1025].map(formatSize), [
    '1',
    '1KiB',
    '64KiB',
    '3MiB',
    '1GiB',
    '1025'
  ])
})
