/**
 * `npm run bench`: on-sqlite.ts; `npm run bench -- --backend es` (mongo, clickhouse, postgres): on-engine.ts;
 * `npm run bench -- cli`: on-cli.ts; `npm run bench -- greedy`: on-greedy.ts;
 * `npm run bench -- listen`: on-listen.ts; `npm run bench -- listen-kills`: kill-listen.ts.
 */
const named = {
  cli: './on-cli.ts',
  greedy: './on-greedy.ts',
  listen: './on-listen.ts',
  'listen-kills': './kill-listen.ts'
} as const
const words = process.argv.slice(2)
const [first = ''] = words
const chosen = Object.entries(named).find(([name]) => name === first)?.[1]
if (chosen !== undefined) process.argv.splice(2, 1)
const isEngine = words.some((word) => word === '--backend' || word.startsWith('--backend='))
await import(chosen ?? (isEngine ? './on-engine.ts' : './on-sqlite.ts'))
