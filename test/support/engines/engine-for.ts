import type { Engine, EngineName, Missing } from './engine.ts'
import { kinds } from './kinds.ts'
import { unlessRequired } from './missing.ts'
import { joinSharedEngine } from './shared-engine.ts'

/** The variables that name a server which is there already. */
export const variableOf: Readonly<Record<EngineName, string>> = {
  es: 'RALPH_TEST_ES_URL',
  es8: 'RALPH_TEST_ES8_URL',
  mongo: 'RALPH_TEST_MONGO_URI',
  clickhouse: 'RALPH_TEST_CLICKHOUSE_URL',
  postgres: 'RALPH_TEST_POSTGRES_URL',
  s3: 'RALPH_TEST_S3_URL',
  swift: 'RALPH_TEST_SWIFT_URL',
  etcd: 'RALPH_TEST_ETCD_URL',
  rabbitmq: 'RALPH_TEST_RABBITMQ_URL',
  redis: 'RALPH_TEST_REDIS_URL',
  zookeeper: 'RALPH_TEST_ZOOKEEPER_URL'
}

/** Why there is no such engine for tests; undefined: there is one. Throws instead of that if all engines are required. */
export const missingEngine = (name: EngineName): string | undefined => {
  if ((process.env[variableOf[name]] ?? '') !== '') return undefined
  const missing = kinds[name].missing()
  return missing === undefined ? undefined : unlessRequired(missing).missing
}

/**
 * The engine for tests that leave it as they find it: the server that a variable names, else one that is shared by all
 * test processes, else the reason to skip. Rejects instead of that if all engines are required (CI).
 */
export const engineFor = async (name: EngineName): Promise<Engine | Missing> => {
  const url = process.env[variableOf[name]]
  if (url !== undefined && url !== '') return { name, url: url.replace(/\/$/, ''), stop: async () => {} }
  const missing = kinds[name].missing()
  return missing === undefined ? joinSharedEngine(name) : unlessRequired(missing)
}
