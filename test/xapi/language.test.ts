import t from 'tap'
import { parseAcceptLanguage, pickLanguage } from '../../src/xapi/language.ts'

const pick = (header: string | undefined, ...tags: string[]): string | undefined => {
  const map = Object.fromEntries(tags.map((tag) => [tag, `text in ${tag}`]))
  const [picked, ...others] = Object.entries(pickLanguage(map, parseAcceptLanguage(header)))
  if (others.length > 0 || (picked !== undefined && picked[1] !== `text in ${picked[0]}`)) return 'more than one'
  return picked?.[0]
}

const table: readonly (readonly [rule: string, header: string | undefined, tags: readonly string[], picked: string])[] =
  [
    ['ruling 12: the language asked for', 'fr', ['en', 'fr', 'de'], 'fr'],
    ['ruling 12: the highest quality', 'en;q=0.5, fr;q=0.8, de;q=0.7', ['en', 'de', 'fr'], 'fr'],
    ['ruling 12: no q is q=1', 'en;q=0.9, fr', ['en', 'fr'], 'fr'],
    ['of equal qualities the one that was named first', 'de, fr', ['fr', 'de'], 'de'],
    ['ruling 12: q=0 excludes', 'en;q=0, fr;q=0.1', ['en', 'fr'], 'fr'],
    ['ruling 12: q=0 excludes from *', 'en;q=0, *', ['en', 'fr'], 'fr'],
    ['ruling 12: q=0 excludes a region of a language that is welcome', 'en-US;q=0, en', ['en-US', 'en-GB'], 'en-GB'],
    ['ruling 12: none is acceptable: the first entry', 'ja', ['de', 'en'], 'de'],
    ['ruling 12: none is acceptable: the first entry that was not excluded', 'de;q=0, ja', ['de', 'en'], 'en'],
    ['ruling 12: all are excluded: the first entry', '*;q=0', ['de', 'en'], 'de'],
    ['no header: the first entry', undefined, ['de', 'en'], 'de'],
    ['an empty header: the first entry', '', ['de', 'en'], 'de'],
    ['* is for what no other range matches', 'de;q=0.2, *;q=0.7', ['de', 'en'], 'en'],
    ['RFC 4647 §3.3.1: a range matches what it is a prefix of', 'en', ['fr', 'en-GB'], 'en-GB'],
    ['a prefix ends at a hyphen', 'e, en-G', ['fr', 'en-GB'], 'fr'],
    [
      'RFC 2616 §14.4: the longest range that matches gives the quality',
      'en;q=0.9, en-GB;q=0.1, fr;q=0.5',
      ['en-GB', 'fr'],
      'fr'
    ],
    ['of tags that one range matches, the exact one', 'en', ['en-GB', 'en'], 'en'],
    ['of regions that one range matches, the first entry', 'en', ['en-GB', 'en-US'], 'en-GB'],
    ['script and region', 'zh-Hant', ['zh-Hans-CN', 'zh-Hant-TW'], 'zh-Hant-TW'],
    ['RFC 4647 §3.4: a range shortens to a language that is there', 'en-GB', ['fr', 'en'], 'en'],
    ['but not to one that was excluded', 'en-GB, en;q=0', ['fr', 'en'], 'fr'],
    ['and only when nothing else is acceptable', 'en-GB, fr;q=0.1', ['en', 'fr'], 'fr'],
    ['ranges compare without case', 'EN-gb', ['fr', 'en-GB'], 'en-GB'],
    ['tags compare without case', 'en-GB', ['fr', 'EN-gb'], 'EN-gb'],
    ['white space is allowed', ' en ; q=0.1 ,\tfr ; q=0.2', ['en', 'fr'], 'fr'],
    ['what is malformed is passed over', 'en;q=7, ;;, fr;q=x, ?, de;q=0.1', ['en', 'fr', 'de'], 'de'],
    ['the first of two equal ranges counts', 'en;q=0.9, en;q=0.1, fr;q=0.5', ['fr', 'en'], 'en'],
    ['q has three digits at most', 'en;q=0.1234, fr;q=0.001', ['en', 'fr'], 'fr']
  ]

for (const [rule, header, tags, picked] of table) {
  t.test(rule, async (t) => t.equal(pick(header, ...tags), picked))
}

t.test('a map without entries stays without', async (t) => {
  t.same(pickLanguage({}, parseAcceptLanguage('en')), {})
})

t.test('a map of one entry is itself, whatever is asked for', async (t) => {
  const map = { de: 'x' }
  t.equal(pickLanguage(map, parseAcceptLanguage('en, de;q=0')), map)
})

t.test('keys of every object are tags like any other', async (t) => {
  const map = JSON.parse('{"__proto__":"a","constructor":"b"}')
  t.same(Object.entries(pickLanguage(map, parseAcceptLanguage('constructor'))), [['__proto__', 'a']])
})

t.test('a hostile header takes no time', async (t) => {
  const hostile = [
    'en,'.repeat(100_000),
    ';q='.repeat(100_000),
    `${'a-'.repeat(100_000)}a`,
    `en${' '.repeat(300_000)};q=0.5`,
    Array.from({ length: 50_000 }, (_, at) => `x${at}`).join(',')
  ]
  const started = performance.now()
  for (const header of hostile) t.equal(pick(header, 'de', 'fr'), 'de')
  t.ok(performance.now() - started < 500)
  t.ok(parseAcceptLanguage(hostile[4]).ranges.size <= 64)
})
