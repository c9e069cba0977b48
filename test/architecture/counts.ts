import { longFunctions, twoMeanings } from './names-and-lengths.ts'
import { rooms } from './rooms.ts'
import { sources } from './sources.ts'

/** `npm run counts`: how large the house is. The tests of this folder keep the last two from growing. */
const linesOf = (folder: string): number =>
  sources.filter(({ file }) => file.startsWith(folder)).reduce((sum, { text }) => sum + text.split('\n').length - 1, 0)

const counts = {
  'lines of src': linesOf('src/'),
  'lines of src/backends': linesOf('src/backends/'),
  files: sources.length,
  rooms: Object.keys(rooms).length,
  'arrows between rooms': Object.values(rooms).reduce((sum, { may }) => sum + may.length, 0),
  'exported types with two meanings': Object.keys(twoMeanings).length,
  'functions over 100 lines': Object.keys(longFunctions).length
}

for (const [name, count] of Object.entries(counts)) process.stdout.write(`${String(count).padStart(7)}  ${name}\n`)
