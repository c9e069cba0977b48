import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfirmChannel, connect } from 'amqplib'
import type { Test } from 'tap'
import { until } from './postgres.ts'
import { compileCache, startRalph } from './ralph-process.ts'

export interface Listening {
  readonly child: ChildProcess
  log(): string
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts `ralph listen` with a configuration; resolves when it listens, and rejects with its log when it ends before. */
export const listen = async (
  t: Test,
  directory: string,
  yaml: string,
  env: Readonly<Record<string, string>> = {}
): Promise<Listening> => {
  writeFileSync(join(directory, 'sqapi.yml'), yaml)
  const child = startRalph(t, ['-v', 'DEBUG', 'listen', '-c', join(directory, 'sqapi.yml')], {
    cwd: directory,
    env: { ...compileCache, RALPH_APP_DIR: directory, RALPH_TEMP_DIR: join(directory, 'temp'), ...env }
  })
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  await until(async () => log.split('listening to').length > 2 || child.exitCode !== null)
  if (child.exitCode !== null) throw new Error(log)
  return {
    child,
    log: () => log,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null) return child.exitCode
      const ended = once(child, 'close')
      child.kill(signal)
      await ended
      return child.exitCode
    }
  }
}

/** Works on a channel of its own. */
export const onBroker = async <Result>(
  url: string,
  work: (channel: ConfirmChannel) => Promise<Result>
): Promise<Result> => {
  const connection = await connect(url)
  try {
    return await work(await connection.createConfirmChannel())
  } finally {
    await connection.close()
  }
}

/** Publishes durably; to the queue of the name `key` where no exchange is named. */
export const publish = (
  url: string,
  to: { readonly exchange?: string; readonly key?: string },
  ...messages: readonly unknown[]
): Promise<void> =>
  onBroker(url, async (channel) => {
    for (const message of messages) {
      const content = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message))
      channel.publish(to.exchange ?? '', to.key ?? '', content, { persistent: true })
    }
    await channel.waitForConfirms()
  })

/** Takes all that is in a queue; undefined: it is not there. */
export const drain = (
  url: string,
  queue: string
): Promise<readonly { body: string; headers: unknown; key: string }[]> =>
  onBroker(url, async (channel) => {
    const found: { body: string; headers: unknown; key: string }[] = []
    for (;;) {
      const message = await channel.get(queue, { noAck: true })
      if (message === false) return found
      const { content, properties, fields } = message
      found.push({ body: content.toString(), headers: properties.headers, key: fields.routingKey })
    }
  })
