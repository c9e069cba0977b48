import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { installation, notInstalled } from './checkout.ts'
import { converse } from './converse.ts'
import type { EngineKind } from './engine.ts'
import { classArchive, compilation, compileJar, copyJars, installJava, jarsIn, java, javaIsThere } from './java.ts'

const place = installation('mongo', ['mongo'])
const lib = join(place.directory, 'lib')
const launcher = join(place.directory, 'launcher.jar')

const cString = (text: string): Buffer => Buffer.from(`${text}\0`)

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** The command {buildInfo: 1, $db: 'admin'} as an OP_MSG. */
const buildInfo = (): Buffer => {
  const elements = Buffer.concat([
    Buffer.from([0x10]),
    cString('buildInfo'),
    int32(1),
    Buffer.from([0x02]),
    cString('$db'),
    int32(6),
    cString('admin'),
    Buffer.from([0])
  ])
  const document = Buffer.concat([int32(elements.length + 4), elements])
  const body = Buffer.concat([int32(1), int32(0), int32(2013), int32(0), Buffer.from([0]), document])
  return Buffer.concat([int32(body.length + 4), body])
}

/** An emulator of MongoDB: no sessions, no transactions, no `explain`, and nothing is learnt of speed or of indexes. */
export const mongo: EngineKind = {
  missing: () => (place.isThere() && javaIsThere() ? undefined : notInstalled('mongo')),
  install: async () => {
    await installJava()
    return place.make(async (directory) => {
      await copyJars('mongo/pom.xml', lib)
      await compileJar(join(directory, 'launcher.jar'), ['mongo/ralph'], jarsIn(lib), 17)
    })
  },
  prepare: async ({ dataDir, port, durable, measured, firstRun, settings }) => {
    if (Object.keys(settings).length > 0) throw new Error('The emulator of MongoDB has no settings')
    mkdirSync(join(dataDir, 'data'), { recursive: true })
    const options = [
      ...compilation(measured),
      '-Xmx2g',
      '-XX:+UseSerialGC',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'
    ]
    const archive = classArchive(join(place.directory, 'classes.jsa'), firstRun)
    const classPath = [launcher, ...jarsIn(lib)].join(':')
    const data = durable ? [join(dataDir, 'data', 'mongo.mv')] : []
    return {
      file: java,
      args: [...options, ...archive, '-cp', classPath, 'ralph.engines.MongoProtocolServer', String(port), ...data]
    }
  },
  stopSignal: 'SIGTERM',
  url: (port) => `mongodb://127.0.0.1:${port}`,
  version: async (port) => {
    const answer = await converse(
      port,
      buildInfo(),
      (bytes) => bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0)
    )
    const key = cString('\x02version')
    const at = answer.indexOf(key)
    if (at < 0) return undefined
    const length = answer.readInt32LE(at + key.length)
    return answer.toString('utf8', at + key.length + 4, at + key.length + 4 + length - 1)
  }
}
