import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installation, notInstalled, sources } from './checkout.ts'
import type { EngineKind } from './engine.ts'
import { classArchive, compilation, copyJars, installJava, jarsIn, java, javaIsThere } from './java.ts'

const place = installation('s3', ['s3'])
const lib = join(place.directory, 'lib')

const identity = 'ralph'
const credential = 'ralph-secret'

/**
 * S3Proxy on files. It checks signatures of version 4, parts, ranges and conditions of reads and writes as S3 does. It
 * takes any session token, knows one user and no rights, and nothing is learnt of speed, regions or checksums.
 */
export const s3: EngineKind = {
  missing: () => (place.isThere() && javaIsThere() ? undefined : notInstalled('s3')),
  install: async () => {
    await installJava()
    return place.make(() => copyJars('s3/pom.xml', lib))
  },
  prepare: async ({ dataDir, port, measured, firstRun, settings }) => {
    const data = join(dataDir, 'data')
    mkdirSync(data, { recursive: true })
    const all = {
      's3proxy.endpoint': `http://127.0.0.1:${port}`,
      's3proxy.authorization': 'aws-v4',
      's3proxy.identity': identity,
      's3proxy.credential': credential,
      // Of one request; larger objects come in parts.
      's3proxy.v4-max-non-chunked-request-size': String(2 ** 27),
      // That of the session token is one.
      's3proxy.ignore-unknown-headers': 'true',
      'jclouds.provider': 'filesystem-nio2',
      'jclouds.filesystem.basedir': data,
      ...settings
    }
    const properties = join(dataDir, 's3proxy.properties')
    writeFileSync(
      properties,
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join('')
    )
    const logging = `-Dlogback.configurationFile=${join(sources, 's3/logback.xml')}`
    const options = [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      logging,
      ...compilation(measured),
      ...classArchive(join(place.directory, 'classes.jsa'), firstRun)
    ]
    const classPath = jarsIn(lib).join(':')
    return {
      file: java,
      args: [...options, '-cp', classPath, 'org.gaul.s3proxy.Main', '--properties', properties],
      // Otherwise it can keep no file whose name is not ASCII.
      env: { LC_ALL: 'C.UTF-8' }
    }
  },
  stopSignal: 'SIGTERM',
  url: (port) => `http://${identity}:${credential}@127.0.0.1:${port}`,
  version: async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`)
    // Without a signature it refuses, and says so as S3 does.
    return (await answer.text()).includes('<Code>AccessDenied</Code>') ? '4.1.0' : undefined
  }
}
