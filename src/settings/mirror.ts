import { foreignSetting, setting } from './define.ts'
import { integer, type Kind, text } from './kinds.ts'

/** Sets the placeholder in the help, as ldp-mirror 0.x shows it. */
const called = <Value>(placeholder: string, kind: Kind<Value>): Kind<Value> => ({ ...kind, placeholder })

/** The settings of a mirror that do not depend on the source. Names and defaults are those of ldp-mirror 0.x. */
export const mirrorGroup = {
  database: foreignSetting('DB_DIRECTORY', {
    kind: called('DIR', text),
    default: 'db',
    flag: 'db',
    description: 'Where to place the local sqlite database.'
  }),
  directory: foreignSetting('MIRROR_DIRECTORY', {
    kind: called('DIR', text),
    default: 'mirror',
    flag: 'mirror',
    description: 'Where to place your archives.'
  }),
  logHost: foreignSetting('LDP_HOST', {
    kind: called('HOST', text),
    default: undefined,
    flag: 'ldp-host',
    description: 'If set, push logs of the current application to given LDP hostname.'
  }),
  logToken: foreignSetting('LDP_TOKEN', {
    kind: called('TOKEN', text),
    default: undefined,
    flag: 'ldp-token',
    secret: true,
    description: 'If set, push logs of the current application to associated LDP stream token.'
  }),
  concurrency: setting('MIRROR_CONCURRENCY', {
    kind: called('N', integer(1, 64)),
    default: 4,
    flag: 'concurrency',
    description: 'Concurrent downloads.'
  })
}
