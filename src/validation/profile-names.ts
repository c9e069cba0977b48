/** The xAPI profiles that there are templates of. */
export const profiles = ['lms', 'navigation', 'video', 'virtual-classroom'] as const
export type Profile = (typeof profiles)[number]
