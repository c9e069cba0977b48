import t from 'tap'
import { formats } from '../../src/validation/formats/index.ts'
import { readMoment } from '../../src/xapi/iso-8601.ts'
import { parseMicros } from '../../src/xapi/timestamp.ts'

const digits = (count: number): string => '0123456789abcdefABCDEF'.repeat(6).slice(0, count)

const examples: {
  readonly [format: string]: { readonly valid: readonly string[]; readonly invalid: readonly string[] }
} = {
  iri: {
    valid: [
      'http://adlnet.gov/expapi/verbs/voided',
      'http://example.com/فعل/خواندن',
      'https://例え.テスト/本?q=ü#§',
      'urn:uuid:7d4f3c70-1e79-4243-9b7d-166076ce8bfb',
      'uuid://7d4f3c70-1e79-4243-9b7d-166076ce8bfb',
      'course-v1:FUN-MOOC+00002+session01',
      'tag:example.org,2026:x',
      'mailto:ada@example.org',
      'http://[2001:db8::1]/',
      'a+b-c.d:e',
      'x:\u{1F600}'
    ],
    invalid: [
      '',
      'should fail',
      'example.org/activity',
      '/relative',
      '#fragment',
      ':no-scheme',
      '1a:scheme-begins-with-a-digit',
      'ab=c://should.fail.com',
      'hôtel:scheme-is-ascii',
      'http:',
      'http://a b',
      ' http://a',
      'http://a\n',
      'http://a\u0000',
      'http://a\u0085',
      'http://a<b',
      'http://a"b',
      'http://a{b}',
      'http://a|b',
      'http://a\\b',
      'http://a^b',
      'http://a`b',
      '__proto__',
      'constructor'
    ]
  },
  uri: {
    valid: ['http://openid.example.org/12345', 'https://ada.openid.example.org/?a=%C3%BC&b=[1]#~'],
    invalid: [
      '',
      'open.id.com/testUser',
      'ab=c://should.fail.com',
      'http://örg.example/',
      'http://a b',
      'http://a"b',
      'x:'
    ]
  },
  uuid: {
    valid: [
      '6690e6c9-3ef0-4ed3-8b37-7f3964730bee',
      '6690E6C9-3EF0-4ED3-8B37-7F3964730BEE',
      '12345678-1234-5678-1234-567812345678',
      '00000000-0000-0000-0000-000000000000'
    ],
    invalid: [
      '',
      'wrong',
      'AA97B177-9383-4934-8543-0F91A7A028368',
      'MA97B177-9383-4934-8543-0F91A7A02836',
      '6690e6c93ef04ed38b377f3964730bee',
      '{6690e6c9-3ef0-4ed3-8b37-7f3964730bee}',
      'urn:uuid:6690e6c9-3ef0-4ed3-8b37-7f3964730bee',
      '6690e6c9-3ef0-4ed3-8b37-7f3964730be\n',
      '6690e6c93-ef0-4ed3-8b37-7f3964730bee'
    ]
  },
  timestamp: {
    valid: [
      '2026-01-31T12:00:00Z',
      '2026-01-31t12:00:00z',
      '2026-01-31T12:00:00.123456789+05:30',
      '2008-09-15T15:53:00.601+00:00',
      '2026-01-31T12:00:00-0330',
      '2026-01-31T12:00:00+02',
      '2026-01-31T12:00:00',
      '2024-02-29T00:00:00Z',
      '2000-02-29T23:59:59Z',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
      '2016-12-31T23:59:60Z',
      '2017-01-01T00:59:60.5+01:00',
      '2015-06-30T19:59:60-04:00',
      '20260131T120000Z',
      '20260131T120000.5-0330',
      '2026-W05-6T12:00:00Z',
      '2026W056T12Z',
      '2026-031T12:00:00Z',
      '2024-366T12:00:00Z',
      '2026-W53-1T00:00Z',
      '2026-01-31T12:00Z',
      '2026-01-31T12+02',
      '2026-01-31T12:30,5Z',
      '2026-01-31T12.25Z',
      '2026-01-31T12:00:00,5Z',
      '2026-01-31T24:00:00Z',
      '2026-01-31T24:00Z'
    ],
    invalid: [
      '',
      'should fail',
      '01/011/2015',
      '2026-01-31',
      '2026-01-31 12:00:00Z',
      '2026-1-31T12:00:00Z',
      '26-01-31T12:00:00Z',
      '+002026-01-31T12:00:00Z',
      '2026-01-31T12:00:00.Z',
      '2026-01-31T12:00:00 Z',
      '2026-01-31T12:00:00Zulu',
      '2026-01-31T12:00:00Z\n',
      '2026-00-31T12:00:00Z',
      '2026-13-01T12:00:00Z',
      '2026-01-00T12:00:00Z',
      '2026-01-32T12:00:00Z',
      '2026-02-29T12:00:00Z',
      '2024-02-30T12:00:00Z',
      '1900-02-29T12:00:00Z',
      '2026-04-31T12:00:00Z',
      '2026-01-31T12:60:00Z',
      '2026-01-31T12:00:61Z',
      '2026-01-31T12:00:60Z',
      '2026-01-31T23:59:60Z',
      '2016-12-31T23:59:60+01:00',
      '2026-01-31T12:00:00+24:00',
      '2026-01-31T12:00:00+01:60',
      '2008-09-15T15:53:00.601-00',
      '2008-09-15T15:53:00.601-0000',
      '2008-09-15T15:53:00.601-00:00',
      '20260131T12:00:00Z',
      '2026-01-31T120000Z',
      '2026-000T12:00:00Z',
      '2026-366T12:00:00Z',
      '2026-W00-1T12:00:00Z',
      '2025-W53-1T12:00:00Z',
      '2026-W05-8T12:00:00Z',
      '2026-01-31T24:00:01Z',
      '2026-01-31T24:00:00.1Z',
      '2026-01-31T24:30Z',
      '9999-12-31T24:00:00Z',
      '2026-01-31T12:00,Z',
      '2026-01T12:00:00Z',
      '٢٠٢٦-01-31T12:00:00Z'
    ]
  },
  'date-time': {
    valid: ['2026-01-31T12:00:00Z', '2008-09-15T15:53:00.601+00:00', '2026-01-31t12:00:00.1z', '2016-12-31T23:59:60Z'],
    invalid: [
      '2026-01-31T12:00:00',
      '2026-01-31T12:00:00+02',
      '2026-01-31T12:00:00+0200',
      '2008-09-15T15:53:00.601-00:00',
      '2026-02-30T12:00:00Z',
      '2026-01-31T12:00Z',
      '20260131T120000Z',
      '2026-01-31T12:00:00,5Z',
      '2026-01-31T24:00:00Z'
    ]
  },
  'iso8601-duration': {
    valid: [
      'PT4H35M59.14S',
      'PT16559.14S',
      'P3Y1M29DT4H35M59.14S',
      'P3Y',
      'P4W',
      'P1.5W',
      'P1Y1D',
      'PT1H0M0.1S',
      'P1DT12H36M0.12567S',
      'PT0S',
      'PT0,5H',
      'P0.5Y',
      'PT36H'
    ],
    invalid: [
      '',
      'should fail',
      'P',
      'PT',
      'P1DT',
      'P4W1D',
      'P1Y4W',
      'PA1H0M0S',
      'P1H',
      'PT1D',
      'P1S',
      'P1M1Y',
      'PT1S1M',
      'PT1H1H',
      'P1.5YT1S',
      'PT1.5H3M',
      'PT1,5H3M',
      'PT.5S',
      'PT1.S',
      '-P1D',
      'P-1D',
      'p1d',
      'P1D ',
      'P1D\n',
      'P0003-06-04T12:30:05',
      '1D'
    ]
  },
  'language-tag': {
    valid: [
      'en',
      'en-US',
      'pt-br',
      'ZH-hant-TW',
      'zh-cmn-Hans-CN',
      'sr-Latn-RS',
      'es-419',
      'de-CH-1996',
      'sl-rozaj-biske-1994',
      'de-DE-u-co-phonebk',
      'en-a-bbb-x-a-ccc',
      'x-whatever',
      'i-klingon',
      'I-Default',
      'art-lojban',
      'zh-min-nan',
      'sgn-BE-FR',
      'und',
      'abcdefgh',
      'en-u-foo-t-foo',
      // By its form it could be registered as a language.
      'toString'
    ],
    invalid: [
      '',
      'a',
      'a12345',
      'a12345678',
      'something',
      'en_US',
      'en-',
      '-en',
      'en--US',
      'en-US ',
      'en-USA1-US',
      'en-abcdefghi',
      'en-US-GB',
      'en-Latn-Cyrl',
      'de-419-DE',
      'en-a',
      'en-x',
      'x',
      'x-',
      'i-unknown',
      'de-1996-1996',
      'sl-rozaj-ROZAJ',
      'en-a-bbb-a-ccc',
      'en-u-aa-bb-U-cc',
      'ar-a-aaa-b-bbb-a-ccc',
      'élan',
      '__proto__',
      'constructor'
    ]
  },
  'mailto-iri': {
    valid: [
      'mailto:ada@example.org',
      'mailto:Ada.Lovelace+xapi@EXAMPLE.org',
      "mailto:o'hara_%!#$&*/=?^`{|}~-@example.org",
      'mailto:ådå@例え.テスト',
      'mailto:root@localhost',
      'mailto:ada@[192.0.2.1]',
      'mailto:ada@[IPv6:2001:db8::1]'
    ],
    invalid: [
      '',
      'ada@example.org',
      'MAILTO:ada@example.org',
      'http://should.fail.com',
      'mailto:should.fail.com',
      'mailto:',
      'mailto:@example.org',
      'mailto:ada@',
      'mailto:ada@bob@example.org',
      'mailto:ada lovelace@example.org',
      'mailto:ada@example.org,bob@example.org',
      'mailto:ada@example.org?subject=x',
      'mailto:Ada <ada@example.org>',
      'mailto:"ada"@example.org',
      'mailto:ada@example..org',
      'mailto:ada@.example.org',
      'mailto:ada@example.org.',
      'mailto:ada@example.org\n',
      'mailto:ada\u0000@example.org'
    ]
  },
  sha1: {
    valid: ['cd9b00a5611f94eaa7b1661edab976068e364975', 'CD9B00A5611F94EAA7B1661EDAB976068E364975'],
    invalid: ['', digits(39), digits(41), `${digits(39)}g`, `${digits(39)}\n`, 'zZm9vYmFyzZm9vYmFyzZm9vYmFyzZm9vYmFy=']
  },
  sha2: {
    valid: [digits(56), digits(64), digits(96), digits(128)],
    invalid: ['', digits(40), digits(63), digits(65), digits(127), `${digits(63)}g`, `${digits(63)}\n`]
  },
  'media-type': {
    valid: [
      'text/plain',
      'application/octet-stream',
      'text/plain; charset=ascii',
      'TEXT/HTML;charset="utf-8"',
      'multipart/mixed ; boundary="a \\" b;c" ; x=y',
      'application/vnd.api+json;',
      'image/svg+xml; a=b;; c=d '
    ],
    invalid: [
      '',
      'text',
      'text/',
      '/plain',
      'text/plain/x',
      'text plain',
      'text/plain charset',
      'text/plain; a',
      'text/plain; a="b',
      'text/plain; a=b c',
      'text/plain, text/html',
      'text/pläin',
      'text/plain\n'
    ]
  }
}

for (const [name, { test }] of Object.entries(formats)) {
  t.test(`format ${name} holds for what it should, and for nothing else`, async (t) => {
    const { valid = [], invalid = [] } = examples[name] ?? {}
    t.ok(valid.length > 0 && invalid.length > 0, 'there are examples')
    for (const text of valid) t.equal(test(text), true, `valid: ${JSON.stringify(text)}`)
    for (const text of invalid) t.equal(test(text), false, `invalid: ${JSON.stringify(text)}`)
  })
}

t.test('every text that is a timestamp is read as an instant', async (t) => {
  for (const text of [...(examples.timestamp?.valid ?? []), ...(examples['date-time']?.valid ?? [])]) {
    t.type(parseMicros(text), 'number', text)
  }
  t.equal(parseMicros('2017-01-01T00:59:60.5+01:00'), Date.UTC(2017, 0, 1) * 1000 + 500_000, 'a leap second')
})

t.test('an offset that is accepted quickly is also one for the exact reading', async (t) => {
  const differ: string[] = []
  for (const sign of ['+', '-']) {
    for (let minutes = 0; minutes < 25 * 61; minutes += 1) {
      const part = (value: number): string => String(value).padStart(2, '0')
      const text = `2026-01-31T12:00:00${sign}${part(Math.floor(minutes / 61))}:${part(minutes % 61)}`
      for (const format of ['timestamp', 'date-time']) {
        if (formats[format]?.test(text) !== (readMoment(text) !== undefined)) differ.push(`${format} ${text}`)
      }
    }
  }
  t.same(differ, [])
})

const million = 1_000_000
const hostile: readonly string[] = [
  'a'.repeat(million),
  '1'.repeat(million),
  ' '.repeat(million),
  'http:'.repeat(million / 5),
  `http://${'a'.repeat(million)} `,
  `mailto:${'a'.repeat(million)}`,
  `mailto:${'a.'.repeat(million / 2)}@`,
  `mailto:a@${'a.'.repeat(million / 2)}`,
  `mailto:a@${'a-'.repeat(million / 2)}!`,
  `P${'1'.repeat(million)}`,
  `P1.${'1'.repeat(million)}`,
  `PT${'1'.repeat(million)}H${'1'.repeat(million)}M1`,
  `P${'1Y'.repeat(million / 2)}`,
  `en${'-abcde'.repeat(million / 6)}`,
  `en${'-a-bb'.repeat(million / 5)}`,
  `en-a${'-bb'.repeat(million / 3)}-`,
  `x${'-a'.repeat(million / 2)}-`,
  `2026-01-31T12:00:00.${'1'.repeat(million)}`,
  `2026-01-31T12:00:00.${'1'.repeat(million)}!`,
  `a/b${' '.repeat(million)}x`,
  `a/b${';'.repeat(million)}x`,
  `a/b${'; '.repeat(million / 2)}x`,
  `a/b;${' '.repeat(million)}x`,
  `a/b${' ;a=b'.repeat(million / 5)}!`,
  `a/b;c="${'\\'.repeat(million)}`,
  `a/b;c="${'a'.repeat(million)}`,
  `${'0'.repeat(million)}g`
]

t.test('no format takes longer than its text is long', async (t) => {
  for (const [name, { test }] of Object.entries(formats)) {
    for (const text of hostile) {
      const begin = performance.now()
      test(text)
      const took = performance.now() - begin
      // Squared, a million steps would be a quarter of an hour.
      if (took > 500) t.fail(`${name} took ${took} ms for ${text.slice(0, 30)}…`)
    }
  }
  t.pass(`${hostile.length} texts of a megabyte`)
})
