import type { BackendContext, LrsBackend } from '../../src/contracts/lrs-backend.ts'

/** How a process other than the test opens a durable backend on a directory. */
export const openers: Readonly<Record<string, (directory: string, context: BackendContext) => Promise<LrsBackend>>> = {
  fs: async (directory, context) => (await import('../../src/backends/fs/index.ts')).openFs({ directory }, context),
  sqlite: async (directory, context) =>
    (await import('../../src/backends/sqlite/index.ts')).openSqlite({ directory }, context)
}
