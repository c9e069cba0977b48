import type { ArchiveSourceRole } from '../contracts/archive-source.ts'
import type { BackendDefinition, DataRole, LrsRole } from '../contracts/backend-definition.ts'
import { clickhouse } from './clickhouse/index.ts'
import { es } from './es/index.ts'
import { fs } from './fs/index.ts'
import { grpc } from './grpc/index.ts'
import { ldp } from './ldp/index.ts'
import { ldpArchives } from './ldp/mirror.ts'
import { lrs } from './lrs/index.ts'
import { memory } from './memory/index.ts'
import { mongo } from './mongo/index.ts'
import { postgres } from './postgres/index.ts'
import { s3 } from './s3/index.ts'
import { sqlite } from './sqlite/index.ts'
import { swift } from './swift/index.ts'
import { ws } from './ws/index.ts'

/** Every backend of Ralph, the default one of the server first. */
export const backends: readonly BackendDefinition[] = [
  sqlite,
  fs,
  es,
  mongo,
  postgres,
  clickhouse,
  memory,
  ldp,
  lrs,
  grpc,
  s3,
  swift,
  ws
]

/** Those that `ralph runserver` can keep statements in. */
export const lrsBackends: readonly LrsRole[] = backends.flatMap((backend) => backend.lrs ?? [])

/** Those that `ralph list`, `read`, `write` and `delete` work with. */
export const dataBackends: readonly DataRole[] = backends.flatMap((backend) => backend.data ?? [])

/** Those whose archives `ralph mirror` copies. */
export const archiveSources: readonly ArchiveSourceRole[] = [ldpArchives]
