/** Ends the engines that the tests of this checkout share, whoever uses them: `node test/support/engines/stop.ts`. */
import { stopSharedEngines } from './shared-engine.ts'

for (const name of await stopSharedEngines()) process.stdout.write(`${name}: stopped\n`)
