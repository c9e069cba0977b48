import { type Command, Option } from 'commander'
import type { KVPair, Registry } from '../../contracts/registry.ts'
import { RalphError } from '../../errors.ts'
import { duration, integer } from '../../settings/kinds.ts'
import { flagValues } from '../../settings/load.ts'
import { registryGroup } from '../../settings/registry.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { flagOf } from '../flag-kinds.ts'
import { interruptible } from '../interruption.ts'
import { type LockFlags, runLocked } from '../run-locked.ts'
import { optionsOf } from '../setting-options.ts'
import { writeOut } from '../write-out.ts'

interface PutFlags {
  readonly ttl?: number
  readonly dir?: boolean
}

interface PreviousFlags {
  readonly ttl?: number
  readonly previous?: number
}

interface ShowFlags {
  readonly json?: boolean
}

/** A pair on one line. The value is shown as text, or in base64 if it is not UTF-8. */
const pairLine = (pair: KVPair | undefined, key: string): string => {
  if (pair === undefined) return `${JSON.stringify({ key, value: null })}\n`
  const bytes = Buffer.from(pair.value)
  const text = bytes.toString('utf8')
  const value = Buffer.from(text).equals(bytes) ? { value: text } : { base64: bytes.toString('base64') }
  return `${JSON.stringify({ key: pair.key, ...value, lastIndex: pair.lastIndex })}\n`
}

/** The value on the command line, or all of standard input. */
const givenValue = async (given: string | undefined): Promise<Uint8Array> => {
  if (given !== undefined && given !== '-') return Buffer.from(given)
  const chunks: Uint8Array[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

const ttlOption = (meaning: string): Option =>
  new Option('--ttl <duration>', meaning).argParser(flagOf('--ttl', duration))

const previousOption = (meaning: string): Option =>
  new Option('--previous <index>', meaning).argParser(flagOf('--previous', integer(1, Number.MAX_SAFE_INTEGER)))

const previousOf = (index: number | undefined): { readonly lastIndex: number } | undefined =>
  index === undefined ? undefined : { lastIndex: index }

type Work = (registry: Registry, signal: AbortSignal) => Promise<void>

const declareReading = (kv: Command, withRegistry: (command: Command, work: Work) => Promise<void>): void => {
  kv.command('get <key>')
    .summary('print a value')
    .option('--json', 'key, value and lastIndex as JSON')
    .action((key: string, { json }: ShowFlags, command: Command) =>
      withRegistry(command, async (registry, signal) => {
        const pair = await registry.get(key)
        await writeOut([json === true ? pairLine(pair, key) : pair.value], { signal })
      })
    )
  kv.command('exists <key>')
    .summary('check whether a key exists; exit code 3: it does not')
    .action((key: string, _: unknown, command: Command) =>
      withRegistry(command, async (registry) => {
        const isThere = await registry.exists(key)
        process.stdout.write(`${isThere}\n`)
        if (!isThere) process.exitCode = 3
      })
    )
  kv.command('list [directory]')
    .summary('list the keys below a directory')
    .option('--json', 'key, value and lastIndex of each as one line of JSON')
    .action((directory: string | undefined, { json }: ShowFlags, command: Command) =>
      withRegistry(command, async (registry, signal) => {
        const pairs = await registry.list(directory ?? '')
        await writeOut(
          pairs.map((pair) => (json === true ? pairLine(pair, pair.key) : `${pair.key}\n`)),
          { signal }
        )
      })
    )
  kv.command('watch <key>')
    .summary('print the value of a key as JSON, now and after each change')
    .action((key: string, _: unknown, command: Command) =>
      withRegistry(command, async (registry, signal) => {
        for await (const pair of registry.watch(key, signal)) process.stdout.write(pairLine(pair, key))
      })
    )
  kv.command('watch-tree [directory]')
    .summary('print everything below a directory as one JSON list, now and after each change')
    .action((directory: string | undefined, _: unknown, command: Command) =>
      withRegistry(command, async (registry, signal) => {
        for await (const pairs of registry.watchTree(directory ?? '', signal)) {
          process.stdout.write(`[${pairs.map((pair) => pairLine(pair, pair.key).trim()).join(',')}]\n`)
        }
      })
    )
}

const declareWriting = (kv: Command, withRegistry: (command: Command, work: Work) => Promise<void>): void => {
  const ttl = 'the value is removed after this time, unless it is put again'
  kv.command('put <key> [value]')
    .summary('put a value; without VALUE, or with -, it is read from standard input')
    .addOption(ttlOption(ttl))
    .option('--dir', 'create a directory')
    .action((key: string, value: string | undefined, { ttl, dir }: PutFlags, command: Command) =>
      withRegistry(command, async (registry) => {
        await registry.put(key, dir === true ? new Uint8Array() : await givenValue(value), { ttl, isDir: dir })
      })
    )
  kv.command('delete <key>')
    .summary('delete a key')
    .action((key: string, _: unknown, command: Command) => withRegistry(command, (registry) => registry.delete(key)))
  kv.command('delete-tree <directory>')
    .summary('delete everything below a directory')
    .action((directory: string, _: unknown, command: Command) =>
      withRegistry(command, (registry) => registry.deleteTree(directory))
    )
  kv.command('atomic-put <key> [value]')
    .summary('create a key that does not exist, or replace the value that --previous names; prints the new pair')
    .addOption(ttlOption(ttl))
    .addOption(previousOption('lastIndex of the value to replace; exit code 4: the value has changed'))
    .action((key: string, value: string | undefined, { ttl, previous }: PreviousFlags, command: Command) =>
      withRegistry(command, async (registry) => {
        const pair = await registry.atomicPut(key, await givenValue(value), previousOf(previous), { ttl })
        process.stdout.write(pairLine(pair, key))
      })
    )
  kv.command('atomic-delete <key>')
    .summary('delete the value that --previous names')
    .addOption(previousOption('lastIndex of the value to delete; exit code 4: the value has changed'))
    .action((key: string, { previous }: PreviousFlags, command: Command) =>
      withRegistry(command, (registry) => registry.atomicDelete(key, previousOf(previous)))
    )
}

/** `ralph kv`: the registry, from a shell. */
export const declareKv = (program: Command, composition: Composition): void => {
  const kv = program
    .command('kv')
    .summary('read, write, watch and lock keys of the registry')
    .description(
      'Reads, writes, watches and locks keys of a registry: etcd, ZooKeeper, Consul, or a file of one process. Exit code 3: ' +
        'the key is not there; 4: somebody was quicker; 5: somebody else holds the lock.'
    )
    .helpCommand(false)
  for (const setting of Object.values(registryGroup)) {
    for (const option of optionsOf(setting, 'Registry')) kv.addOption(option)
  }
  const withRegistry = (command: Command, work: Work): Promise<void> =>
    interruptible(async (signal) => {
      const flags = command.optsWithGlobals<Readonly<Record<string, string | boolean | undefined>>>()
      const given = flagValues([registryGroup], (flag) => flags[new Option(`--${flag}`).attributeName()])
      const { sources, general } = settingsOf(command, composition, Object.fromEntries(given))
      const registry = await composition.openRegistry(sources, general)
      try {
        await work(registry, signal)
      } finally {
        await registry.close()
      }
    })
  declareReading(kv, withRegistry)
  declareWriting(kv, withRegistry)
  kv.command('lock <key> [command...]')
    .summary('run a command while a lock is held')
    .usage('[options] KEY -- COMMAND [ARGUMENTS...]')
    .addOption(ttlOption('time after which the lock of a killed holder is free (default: 20s)'))
    .option('--value <text>', 'value under the key while the lock is held')
    .addOption(
      new Option('--wait <duration>', 'longest wait for the lock; exit code 5 after it (default: no limit)').argParser(
        flagOf('--wait', duration)
      )
    )
    .action((key: string, words: readonly string[], flags: LockFlags, command: Command) => {
      if (words.length === 0) throw new RalphError('USAGE', 'ralph kv lock needs a command: KEY -- COMMAND')
      return withRegistry(command, (registry, signal) => runLocked(registry, key, { words, flags, signal }))
    })
}
