import { parameter } from '../../settings/define.ts'
import { path, text } from '../../settings/kinds.ts'

export const fsParameters = {
  directoryPath: parameter('DEFAULT_DIRECTORY_PATH', {
    kind: path,
    default: undefined,
    defaultText: 'the working directory',
    description: 'Directory of the files; a user with a target has a directory of that name in it.'
  }),
  lrsFile: parameter('DEFAULT_LRS_FILE', {
    kind: text,
    default: 'fs_lrs.jsonl',
    description: 'File of the statements, one per line.'
  })
}
