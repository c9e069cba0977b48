import { Option } from 'commander'
import { flagsOf } from '../settings/aliases.ts'
import type { Setting } from '../settings/define.ts'

/** The flags of a setting and its aliases, under a heading of the help. */
export const optionsOf = (setting: Setting<unknown>, title: string): readonly Option[] => {
  const standard = setting.defaultText === '' ? '' : ` (default: ${setting.defaultText})`
  const description = `${setting.description}${standard} [${setting.variable}]`
  return [...flagsOf(setting.variable, setting.flag).keys()].flatMap((flag, index) => {
    const letter = index === 0 && setting.letter !== undefined ? `-${setting.letter}, ` : ''
    const options = setting.kind.switch
      ? [new Option(`${letter}--${flag}`, description), new Option(`--no-${flag}`).hideHelp()]
      : [new Option(`${letter}--${flag} <${setting.kind.placeholder ?? flag.split('-').at(-1)}>`, description)]
    for (const option of options) {
      option.helpGroup(`${title}:`)
      // Aliases work but are hidden. `ralph settings` lists them.
      if (index > 0) option.hideHelp()
    }
    return options
  })
}
