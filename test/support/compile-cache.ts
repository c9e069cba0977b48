import { enableCompileCache } from 'node:module'

/**
 * Loaded before each test file (`node-arg` of tap in package.json). What was compiled for one process need not be
 * compiled for the next, nor for those that it starts.
 */
const { directory } = enableCompileCache()
if (directory !== undefined) process.env.NODE_COMPILE_CACHE = directory
