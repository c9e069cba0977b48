/** RFC 5646 §2.1, `langtag`: language, extended language, script, region, variants, extensions, private use. */
const langtag =
  /^(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?$/i

const privateUse = /^x(?:-[a-z\d]{1,8})+$/i

/** The tags that are older than the grammar and do not follow it. It is a closed list. */
const irregular: ReadonlySet<string> = new Set(
  (
    'en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao i-tay i-tsu ' +
    'sgn-be-fr sgn-be-nl sgn-ch-de'
  ).split(' ')
)

/** RFC 5646 §2.2.5 and §2.2.6: no variant and no singleton comes twice. */
const repeatsSubtag = (tag: string): boolean => {
  const seen = new Set<string>()
  let inExtension = false
  for (const subtag of tag.toLowerCase().split('-').slice(1)) {
    if (subtag === 'x') return false
    const isSingleton = subtag.length === 1
    inExtension ||= isSingleton
    const isVariant = !inExtension && (subtag.length > 4 || (subtag.length === 4 && subtag < 'a'))
    if (!isSingleton && !isVariant) continue
    if (seen.has(subtag)) return true
    seen.add(subtag)
  }
  return false
}

/** A shorter tag has no room for a subtag that comes twice. */
const shortestThatRepeats = 'en-a-bb-a-cc'.length

/** Applications may limit the length. RFC 5646 §4.4.1 finds 35 characters enough. */
const longest = 255

/** A well-formed BCP 47 tag (RFC 5646 §2.2.9). It is not checked whether its subtags are registered. */
export const isLanguageTag = (text: string): boolean => {
  if (text.length > longest) return false
  if (langtag.test(text)) return text.length < shortestThatRepeats || !repeatsSubtag(text)
  return privateUse.test(text) || irregular.has(text.toLowerCase())
}
