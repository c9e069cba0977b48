/**
 * ClickHouse's HTTP server on loopback, until SIGTERM: `node server.ts INSTALLATION LIBRARY DIRECTORY PORT [ARGUMENT…]`.
 *
 * libchdb.so holds the program `clickhouse local`, and that holds the servers: `chdb_query_cmdline` is its main, and
 * SYSTEM START LISTEN HTTP opens the interface. The program ends with its last query, hence one that sleeps.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** What is used of the package ffi-rs, which is in no node_modules of this checkout. */
interface ForeignFunctions {
  readonly DataType: {
    readonly External: number
    readonly I32: number
    readonly StringArray: number
    readonly String: number
  }
  open(library: { library: string; path: string }): void
  load(call: {
    library: string
    funcName: string
    retType: number
    paramsType: readonly number[]
    paramsValue: readonly unknown[]
    runInNewThread?: boolean
  }): unknown
}

const [installation = '', library = '', directory = '', port = '', ...more] = process.argv.slice(2)
const installed = createRequire(join(installation, 'package.json'))
// The package says so in its own types, which are not installed where this is compiled.
const { DataType, load, open } = installed('ffi-rs') as ForeignFunctions

/** By SIGKILL: an exit would wait for threads of the engine that never end. What it has acknowledged is in files. */
const end = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

const takeSignals = (): void => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.removeAllListeners(signal)
    process.on(signal, end)
  }
}

const isListening = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('connect', () => socket.destroy())
    socket.on('error', () => resolve(false))
  })

const sleeping =
  'SELECT sleepEachRow(3) FROM numbers(10000000) SETTINGS max_block_size = 1, max_threads = 1, ' +
  'function_sleep_max_microseconds_per_block = 0, max_execution_time = 0 FORMAT Null'

mkdirSync(directory, { recursive: true })
process.chdir(directory)
takeSignals()
open({ library: 'chdb', path: installed.resolve(library) })
const words = [
  'clickhouse',
  '--path',
  directory,
  '--http_port',
  port,
  '--listen_host',
  '127.0.0.1',
  ...more,
  '--query',
  `SYSTEM START LISTEN HTTP; ${sleeping}`
]
const ended = Promise.resolve(
  load({
    library: 'chdb',
    funcName: 'chdb_query_cmdline',
    retType: DataType.External,
    paramsType: [DataType.I32, DataType.StringArray],
    paramsValue: [words.length, words],
    runInNewThread: true
  })
)
ended
  .then((result) => {
    const error = load({
      library: 'chdb',
      funcName: 'chdb_result_error',
      retType: DataType.String,
      paramsType: [DataType.External],
      paramsValue: [result]
    })
    process.stderr.write(`ClickHouse has ended: ${error}\n`)
  })
  .catch((error: unknown) => process.stderr.write(`ClickHouse has failed: ${error}\n`))
  .finally(end)

while (!(await isListening())) await wait(25)
// ClickHouse has set its own handlers meanwhile, which would wait for the query that sleeps.
takeSignals()
