import { supportedVersions } from '../xapi/version.ts'

/** GET /about: answered to anyone, in any version (Communication §2.8). */
export const about = { version: supportedVersions } as const
