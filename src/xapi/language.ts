import type { LanguageMap } from './statement.ts'

interface Preference {
  /** From 0 (not acceptable) to 1. */
  readonly quality: number
  /** Position in the header. Of two equal qualities the earlier one wins. */
  readonly place: number
}

/** The content of an Accept-Language header, prepared for many language tags. */
export interface LanguagePreferences {
  /** Language range, lower case → preference. */
  readonly ranges: ReadonlyMap<string, Preference>
  /** `*`: for a tag that no range matches. */
  readonly others: Preference | undefined
  /**
   * The shorter forms of the ranges, such as `en` of `en-GB` (RFC 4647 §3.4). They are better than a language that the client did not ask
   * for.
   */
  readonly shortened: ReadonlyMap<string, Preference>
}

/** More languages than this are never useful, so the rest is not read. */
const mostRanges = 64

const element = /^([a-z]{1,8}(?:-[a-z0-9]{1,8}){0,8}|\*)(?:;q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/

const isBetter = (one: Preference, other: Preference | undefined): boolean =>
  other === undefined || one.quality > other.quality || (one.quality === other.quality && one.place < other.place)

/** `zh-hant-tw` → `zh-hant`, `zh` */
function* shorter(tag: string): Generator<string> {
  for (let end = tag.lastIndexOf('-'); end > 0; end = tag.lastIndexOf('-', end - 1)) yield tag.slice(0, end)
}

/** RFC 9110 §12.5.4. Malformed elements are skipped: this header never fails a request. */
export const parseAcceptLanguage = (header: string | undefined): LanguagePreferences => {
  const ranges = new Map<string, Preference>()
  let others: Preference | undefined
  for (const [place, text] of (header ?? '').split(',', mostRanges).entries()) {
    const match = element.exec(text.replace(/[ \t]/g, '').toLowerCase())
    const range = match?.[1]
    if (range === undefined) continue
    const preference = { quality: Number(match?.[2] ?? 1), place }
    if (range === '*') others ??= preference
    else if (!ranges.has(range)) ranges.set(range, preference)
  }
  const shortened = new Map<string, Preference>()
  for (const [range, preference] of ranges) {
    if (preference.quality === 0) continue
    for (const prefix of shorter(range)) {
      if (!ranges.has(prefix) && isBetter(preference, shortened.get(prefix))) shortened.set(prefix, preference)
    }
  }
  return { ranges, others, shortened }
}

/** The preference of the longest range that is the tag or a prefix of it. An exact match counts a little more. */
const preferenceOf = (tag: string, { ranges, others }: LanguagePreferences): Preference | undefined => {
  const exact = ranges.get(tag)
  if (exact !== undefined) return { quality: exact.quality, place: exact.place - 0.5 }
  for (const prefix of shorter(tag)) {
    const preference = ranges.get(prefix)
    if (preference !== undefined) return preference
  }
  return others
}

/**
 * The most suitable entry of a language map (Communication §2.1.3, language filtering; RFC 2616 §14.4). If none is acceptable, the first
 * one that `q=0` does not exclude, else the first one. A map without entries stays as it is.
 */
export const pickLanguage = (map: LanguageMap, languages: LanguagePreferences): LanguageMap => {
  const tags = Object.keys(map)
  if (tags.length < 2) return map
  let best: string | undefined
  let bestPreference: Preference | undefined
  let near: string | undefined
  let nearPreference: Preference | undefined
  let notExcluded: string | undefined
  for (const tag of tags) {
    const key = tag.toLowerCase()
    const preference = preferenceOf(key, languages)
    if (preference?.quality === 0) continue
    notExcluded ??= tag
    if (preference !== undefined && isBetter(preference, bestPreference)) {
      best = tag
      bestPreference = preference
    }
    const nearby = languages.shortened.get(key)
    if (nearby !== undefined && isBetter(nearby, nearPreference)) {
      near = tag
      nearPreference = nearby
    }
  }
  const picked = best ?? near ?? notExcluded ?? tags[0]
  const text = picked === undefined ? undefined : map[picked]
  return picked === undefined || text === undefined ? map : { [picked]: text }
}
