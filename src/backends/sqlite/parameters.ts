import { parameter } from '../../settings/define.ts'
import { path } from '../../settings/kinds.ts'

export const sqliteParameters = {
  directoryPath: parameter('DIRECTORY_PATH', {
    kind: path,
    default: undefined,
    defaultText: 'RALPH_APP_DIR',
    description: 'Directory of the database files, made if it is missing.'
  })
}
