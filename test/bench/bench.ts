/**
 * `npm run bench`: on-sqlite.ts; `npm run bench -- --backend es` (mongo, clickhouse, postgres): on-engine.ts;
 * `npm run bench -- cli`: on-cli.ts.
 */
const words = process.argv.slice(2)
const isCli = words[0] === 'cli'
if (isCli) process.argv.splice(2, 1)
const isEngine = words.some((word) => word === '--backend' || word.startsWith('--backend='))
await import(isCli ? './on-cli.ts' : isEngine ? './on-engine.ts' : './on-sqlite.ts')
