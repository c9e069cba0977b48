/**
 * `npm run bench`: on-sqlite.ts; `npm run bench -- --backend es` (mongo, clickhouse, postgres): on-engine.ts;
 * `npm run bench -- cli`: on-cli.ts; `npm run bench -- greedy`: on-greedy.ts.
 */
const words = process.argv.slice(2)
const isCli = words[0] === 'cli'
const isGreedy = words[0] === 'greedy'
if (isCli || isGreedy) process.argv.splice(2, 1)
const isEngine = words.some((word) => word === '--backend' || word.startsWith('--backend='))
await import(isGreedy ? './on-greedy.ts' : isCli ? './on-cli.ts' : isEngine ? './on-engine.ts' : './on-sqlite.ts')
