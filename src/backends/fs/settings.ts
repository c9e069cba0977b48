import { parameter } from '../../settings/define.ts'
import { path, text } from '../../settings/kinds.ts'

const directoryPath = parameter('DEFAULT_DIRECTORY_PATH', {
  kind: path,
  default: undefined,
  defaultText: 'the working directory',
  description: 'Directory of the files; a user with a target has a directory of that name in it.'
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
  directoryPath: { ...directoryPath, description: 'Directory of the files; it is made when it is not there.' },
  queryString: parameter('DEFAULT_QUERY_STRING', {
    kind: text,
    default: '*',
    description: 'Which files are read when the command does not say: a pattern as the shell has them.'
  })
}
