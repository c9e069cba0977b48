import { foreignSetting, setting } from './define.ts'
import { integer, path, text } from './kinds.ts'

/** The environment variables of sqAPI, with their names. */
export const listenersGroup = {
  config: foreignSetting('CFG_FILE', {
    kind: text,
    default: 'sqapi.yml',
    flag: 'config',
    letter: 'c',
    description: 'Configuration file of `ralph listen`, relative to WRK_DIR: brokers, stores, databases and handlers.'
  }),
  directory: foreignSetting('WRK_DIR', {
    kind: path,
    default: undefined,
    defaultText: 'the working directory; for paths in the file, the directory of the file',
    flag: 'working-directory',
    description: 'Directory of CFG_FILE, and base of relative paths in that file.'
  }),
  only: foreignSetting('PLUGIN', {
    kind: text,
    default: undefined,
    flag: 'only',
    description: 'Run only this pipeline, or only this handler.'
  }),
  host: setting('LISTEN_HOST', {
    kind: text,
    default: '127.0.0.1',
    flag: 'host',
    description: 'Address for HTTP requests to `ralph listen`, which need no password.'
  }),
  port: setting('LISTEN_PORT', {
    kind: integer(0, 65_535),
    default: undefined,
    flag: 'port',
    description: 'Port for HTTP requests: /plugins, /rules, /health and /h/NAME; none: they are off.'
  })
}
