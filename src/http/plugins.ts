import { auth } from './auth/index.ts'
import { forwardings } from './forwardings/index.ts'
import { health } from './health/index.ts'
import { imports } from './imports/index.ts'
import { pages } from './pages/index.ts'
import type { HttpPlugin } from './plugin.ts'
import { stream } from './stream/index.ts'
import { uploads } from './uploads/index.ts'
import { xapi } from './xapi/index.ts'

/** What the server offers over HTTP. A new plugin is a folder beside these, and one line here. */
export const plugins: readonly HttpPlugin[] = [xapi, stream, auth, forwardings, imports, uploads, health, pages]
