import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { installation, notInstalled, sources } from './checkout.ts'
import type { EngineKind, EngineName } from './engine.ts'
import { classArchive, compilation, compileJar, copyJars, installJava, jarsIn, java, javaIsThere } from './java.ts'

/** Elasticsearch looks for zstd in a directory of its own; its codec best_compression needs it. */
const zstd = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64'].map((directory) =>
  join(directory, 'libzstd.so.1')
)

const descriptor = (name: string, version: string, level: number, className: string): string =>
  [
    `name=${name}`,
    `description=${name}`,
    `version=${version}`,
    `elasticsearch.version=${version}`,
    `java.version=${level}`,
    `classname=${className}`,
    ''
  ].join('\n')

/** A node of the genuine Elasticsearch, from the jars that Elastic publishes on Maven Central. */
export const elasticsearch = (name: EngineName, version: string): EngineKind => {
  const major = version.split('.')[0] ?? ''
  const level = major === '8' ? 17 : 21
  const inputs = ['pom.xml', 'launcher', 'plugin', `plugin-${major}`].map((input) => `elasticsearch/${input}`)
  const place = installation(name, inputs, version)
  const lib = join(place.directory, 'lib')
  const modules = join(place.directory, 'modules')
  const launcher = join(place.directory, 'launcher.jar')

  const install = async (directory: string): Promise<void> => {
    await copyJars('elasticsearch/pom.xml', lib, [`-Des.version=${version}`])
    // In a module of their own: the plugin loader refuses jars that are on the class path, too.
    const netty = join(modules, 'transport-netty4')
    mkdirSync(netty, { recursive: true })
    for (const jar of jarsIn(lib))
      if (/^(netty|transport-netty4)-/.test(basename(jar))) renameSync(jar, join(netty, basename(jar)))
    // Without the line `modulename`: it is loaded as the server is here, from a class path.
    writeFileSync(
      join(netty, 'plugin-descriptor.properties'),
      descriptor('transport-netty4', version, level, 'org.elasticsearch.transport.netty4.Netty4Plugin')
    )
    const root = join(modules, 'root')
    mkdirSync(root)
    writeFileSync(
      join(root, 'plugin-descriptor.properties'),
      descriptor('root', version, level, 'ralph.engines.RootPlugin')
    )
    const plugin = ['elasticsearch/plugin', `elasticsearch/plugin-${major}`]
    await compileJar(join(root, 'root.jar'), plugin, jarsIn(lib), level)
    await compileJar(join(directory, 'launcher.jar'), ['elasticsearch/launcher'], jarsIn(lib), level)
  }

  return {
    missing: () => (place.isThere() && javaIsThere() ? undefined : notInstalled(name)),
    install: async () => {
      await installJava()
      return place.make(install)
    },
    prepare: async ({ dataDir, port, measured, firstRun, settings }) => {
      const home = join(dataDir, 'home')
      const temporary = join(dataDir, 'tmp')
      const libraries = join(home, 'lib/platform', `linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`)
      rmSync(home, { recursive: true, force: true })
      for (const directory of [join(home, 'config'), join(home, 'plugins'), libraries, temporary])
        mkdirSync(directory, { recursive: true })
      symlinkSync(modules, join(home, 'modules'))
      cpSync(join(sources, 'elasticsearch/log4j2.properties'), join(home, 'config/log4j2.properties'))
      writeFileSync(join(home, 'config/elasticsearch.yml'), '')
      const found = zstd.find((path) => existsSync(path))
      if (found !== undefined) symlinkSync(found, join(libraries, 'libzstd.so'))
      const node = {
        'cluster.name': 'ralph-test',
        'node.name': 'ralph-test',
        'discovery.type': 'single-node',
        'network.host': '127.0.0.1',
        'http.port': String(port),
        'transport.port': '0',
        'path.data': join(dataDir, 'data'),
        'path.logs': join(dataDir, 'logs'),
        // Decided by how full the disk of a developer is, tests would fail there and nowhere else.
        'cluster.routing.allocation.disk.threshold_enabled': 'false',
        'action.destructive_requires_name': 'false',
        // With the little memory that it has here, it would refuse statements of some megabytes.
        'indexing_pressure.memory.limit': '25%',
        // What could be collected counts as taken: with this collector it would refuse requests at random.
        'indices.breaker.total.use_real_memory': 'false',
        ...settings
      }
      const options = readFileSync(join(sources, 'elasticsearch/jvm.options'), 'utf8').trim().split('\n')
      return {
        file: java,
        args: [
          '-Xms512m',
          '-Xmx512m',
          ...options,
          ...compilation(measured),
          ...classArchive(join(place.directory, 'classes.jsa'), firstRun),
          `-Djava.io.tmpdir=${temporary}`,
          `-Des.nativelibs.path=${libraries}`,
          `-Des.path.home=${home}`,
          `-Des.path.conf=${join(home, 'config')}`,
          '-Des.distribution.type=tar',
          '-cp',
          [launcher, ...jarsIn(lib)].join(':'),
          'ralph.engines.ElasticsearchNode',
          home,
          join(home, 'config'),
          ...Object.entries(node).map(([key, value]) => `${key}=${value}`)
        ],
        env: { ES_TMPDIR: temporary }
      }
    },
    stopSignal: 'SIGTERM',
    url: (port) => `http://127.0.0.1:${port}`,
    version: async (port) => {
      const url = `http://127.0.0.1:${port}`
      const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`)
      await health.arrayBuffer()
      if (!health.ok) return undefined
      const root: unknown = await (await fetch(url)).json()
      return /"number":"([^"]+)"/.exec(JSON.stringify(root))?.[1]
    }
  }
}
