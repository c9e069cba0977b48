/** The xAPI profiles for which there are templates. */
export const profiles = ['lms', 'navigation', 'video', 'virtual-classroom'] as const
export type Profile = (typeof profiles)[number]
