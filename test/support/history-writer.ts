import { openHistory } from '../../src/toolbox/history.ts'

// A process that notes `count` objects in a history: `node history-writer.ts PATH NAME COUNT`.

const [path = '', name = '', count = '0'] = process.argv.slice(2)
const history = openHistory({ path, backend: 'fs', clock: () => 0 })
for (let index = 0; index < Number(count); index += 1) {
  history.add('read', { historyId: `${name}-${index}`, size: index })
  // One by one, so that the processes take turns.
  await history.flush()
}
