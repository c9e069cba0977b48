import { readFile } from 'node:fs/promises'
import type { ListenerDatabase, MessageStatus } from '../../contracts/listeners.ts'
import type { MessageWriter } from './message-writer.ts'

type Calls = Pick<Required<ListenerDatabase>, 'execute_query' | 'execute_script' | 'update_message' | 'message_status'>

/** What a database does by its queries, and by the writer of its table `messages`. */
export const callsOf = (execute_query: ListenerDatabase['execute_query'], writer: MessageWriter): Calls => ({
  execute_query,
  execute_script: async (path, values) => execute_query(await readFile(path, 'utf8'), values),
  update_message: (message, status, info) => writer.update({ message, status, info }),
  message_status: async (uuid) => {
    const rows = await execute_query('SELECT status FROM messages WHERE uuid = :uuid', { uuid })
    const status = rows?.[0]?.status
    // What `update_message` has written.
    return typeof status === 'string' ? (status as MessageStatus) : undefined
  }
})
