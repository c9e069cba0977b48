import { parameter } from '../../settings/define.ts'
import { type Kind, path, text } from '../../settings/kinds.ts'

export const sqliteParameters = {
  directoryPath: parameter('DIRECTORY_PATH', {
    kind: path,
    default: undefined,
    defaultText: 'RALPH_APP_DIR',
    description: 'Directory of the database files. It is created if it is missing.'
  })
}

const fileName: Kind<string> = {
  expected: 'a name of a file, without a directory',
  parse: (value) => (/^[^/\\\0]+$/.test(value) && !/^\.\.?$/.test(value) ? value : undefined)
}

/** The settings for reading and writing records. */
export const sqliteDataParameters = {
  directoryPath: { ...sqliteParameters.directoryPath, description: 'Directory of the database files.' },
  file: parameter('DEFAULT_FILE', {
    kind: fileName,
    default: 'records.db',
    description: 'File of the tables of records. The first write creates it.'
  }),
  table: parameter('DEFAULT_TABLE', {
    kind: text,
    default: 'records',
    description: 'Table that is read and written when the command names no target. The first write creates it.'
  })
}
