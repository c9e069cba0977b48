import { parameter, workingDirectory } from '../../settings/define.ts'
import { path, text } from '../../settings/kinds.ts'

const directoryPath = parameter('DEFAULT_DIRECTORY_PATH', {
  kind: path,
  default: undefined,
  defaultText: workingDirectory,
  description: 'Directory of the files. Each target of a user is a subdirectory with the name of the target.'
})

export const fsParameters = {
  directoryPath,
  lrsFile: parameter('DEFAULT_LRS_FILE', {
    kind: text,
    default: 'fs_lrs.jsonl',
    description: 'File of the statements, one per line.'
  })
}

export const fsDataParameters = {
  directoryPath: { ...directoryPath, description: 'Directory of the files. It is created when it is missing.' },
  queryString: parameter('DEFAULT_QUERY_STRING', {
    kind: text,
    default: '*',
    description: 'Files that are read when the command names none: a pattern like those of the shell.'
  })
}
