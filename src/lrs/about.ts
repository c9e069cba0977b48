import { supportedVersions } from '../xapi/version.ts'

/** GET /about: needs no credentials, and works in any version (Communication §2.8). */
export const about = { version: supportedVersions } as const
