const number = String.raw`\d+(?:[.,]\d+)?`
const duration = new RegExp(
  `^P(?:${number}W|(?=[\\dT])(?:${number}Y)?(?:${number}M)?(?:${number}D)?(?:T(?=\\d)(?:${number}H)?(?:${number}M)?(?:${number}S)?)?)$`
)
/** A fraction that is not in the last component. */
const earlyFraction = /[.,]\d+[A-Z]./

/**
 * ISO 8601:2004 §4.4.3.2, with designators (Data §4.6): weeks are alone, components are in order, and only the last one may have a
 * fraction.
 */
export const isDuration = (text: string): boolean => duration.test(text) && !earlyFraction.test(text)
