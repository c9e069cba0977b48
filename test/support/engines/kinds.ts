import { clickhouse } from './clickhouse.ts'
import { elasticsearch } from './elasticsearch.ts'
import type { EngineKind, EngineName } from './engine.ts'
import { etcd } from './etcd.ts'
import { mongo } from './mongo.ts'
import { postgres } from './postgres.ts'
import { rabbitmq } from './rabbitmq.ts'
import { redis } from './redis.ts'
import { s3 } from './s3.ts'
import { swift } from './swift.ts'
import { zookeeper } from './zookeeper.ts'

export const kinds: Readonly<Record<EngineName, EngineKind>> = {
  es: elasticsearch('es', '9.5.3'),
  es8: elasticsearch('es8', '8.19.21'),
  mongo,
  clickhouse,
  postgres,
  s3,
  swift,
  etcd,
  rabbitmq,
  redis,
  zookeeper
}
