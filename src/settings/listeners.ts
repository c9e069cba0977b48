import { foreignSetting, setting } from './define.ts'
import { integer, path, text } from './kinds.ts'

/** What sqAPI takes from the environment, under the names it has there. */
export const listenersGroup = {
  config: foreignSetting('CFG_FILE', {
    kind: text,
    default: 'sqapi.yml',
    flag: 'config',
    letter: 'c',
    description: 'Configuration of `ralph listen`, from WRK_DIR: brokers, stores, databases and handlers.'
  }),
  directory: foreignSetting('WRK_DIR', {
    kind: path,
    default: undefined,
    defaultText: 'the working directory; for paths in the file, its own',
    flag: 'working-directory',
    description: 'Where CFG_FILE is looked for, and where relative paths in that file begin.'
  }),
  only: foreignSetting('PLUGIN', {
    kind: text,
    default: undefined,
    flag: 'only',
    description: 'The only pipeline, or the only handler, that `ralph listen` runs.'
  }),
  host: setting('LISTEN_HOST', {
    kind: text,
    default: '127.0.0.1',
    flag: 'host',
    description: 'Address of the door of `ralph listen`, which asks nobody for a password.'
  }),
  port: setting('LISTEN_PORT', {
    kind: integer(0, 65_535),
    default: undefined,
    flag: 'port',
    description: 'Port of that door: /plugins, /rules, /health and /h/NAME; none: there is no door.'
  })
}
