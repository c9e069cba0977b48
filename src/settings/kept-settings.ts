import { RalphError } from '../errors.ts'
import { namesOf } from './aliases.ts'
import { type Setting, type SettingsGroup, workingDirectory } from './define.ts'
import { find } from './read.ts'
import type { Sources } from './sources.ts'

/** Settings that another process is to work with, later. No secret is in them. */
export interface KeptSettings {
  /** Texts by variable. Of an address its credentials are left out. */
  readonly values: Readonly<Record<string, string>>
  /** Variables that had secrets, which the other process must be given in its own settings. */
  readonly secrets: readonly string[]
}

/** An address without credentials, and whether it had any; `text` is undefined where they cannot be told apart. */
const withoutCredentials = (address: string): { readonly text: string | undefined; readonly had: boolean } => {
  const plain = address
    .replace(/\/\/[^/\s@]*@/g, '//')
    .replace(/([?&])[^=&]*(?:pass|secret|token|key)[^=&]*=[^&]*&?/gi, '$1')
    .replace(/[?&]$/, '')
  const isPlain = !plain.includes('@') && plain.includes('://')
  return { text: isPlain ? plain : undefined, had: !isPlain || plain !== address }
}

/** What was set, or undefined. `INVALID_SETTING` for a setting that is set twice. */
const textOf = (setting: Setting<unknown>, sources: Sources): string | undefined => {
  const found = find(setting, sources)
  if (found === undefined || 'text' in found) return found?.text
  throw new RalphError('INVALID_SETTING', found.contradiction)
}

/** A path means another file in another working directory. */
const absolute = (setting: Setting<unknown>, text: string | undefined): string | undefined => {
  if (setting.kind.placeholder !== 'path') return text
  const path = text ?? (setting.defaultText === workingDirectory ? '.' : undefined)
  const parsed = path === undefined ? undefined : setting.kind.parse(path)
  return typeof parsed === 'string' ? parsed : text
}

/** What of a group must be kept, so that another process finds the same place. */
export const keepSettings = (group: SettingsGroup, sources: Sources): KeptSettings => {
  const values: Record<string, string> = {}
  const secrets: string[] = []
  for (const setting of Object.values(group)) {
    const { variable } = setting
    const text = absolute(setting, textOf(setting, sources))
    if (text === undefined) continue
    const shown = setting.isAddress
      ? withoutCredentials(text)
      : { text: setting.secret ? undefined : text, had: setting.secret }
    if (shown.text !== undefined) values[variable] = shown.text
    if (shown.had) secrets.push(variable)
  }
  return { values, secrets }
}

/**
 * Sources in which the settings of a group are as they were kept: what was not set then is not set now either, but for
 * secrets. `INVALID_SETTING` names the secrets that this process is not given.
 */
export const withKeptSettings = (group: SettingsGroup, kept: KeptSettings, sources: Sources): Sources => {
  const values = new Map<string, string>()
  const replaced = new Set<string>()
  const missing: string[] = []
  for (const setting of Object.values(group)) {
    const { variable, isAddress, secret } = setting
    const [own, was] = [textOf(setting, sources), kept.values[variable]]
    const needsSecret = kept.secrets.includes(variable)
    if (!secret || isAddress) for (const name of namesOf(variable)) replaced.add(name)
    // The same address, with the credentials that this process has for it.
    const isSame = isAddress && own !== undefined && withoutCredentials(own).text === was
    if (isSame || (needsSecret && was === undefined && own !== undefined)) values.set(variable, own)
    else if (needsSecret) missing.push(was === undefined ? variable : `${variable} (${was}, with its credentials)`)
    else if (was !== undefined) values.set(variable, was)
  }
  if (missing.length > 0) {
    throw new RalphError('INVALID_SETTING', `secrets are not kept with an import: set ${missing.join(', ')}`)
  }
  const others = sources.ordered.map(({ name, values: all }) => ({
    name,
    values: new Map([...all].filter(([variable]) => !replaced.has(variable)))
  }))
  return { ...sources, ordered: [{ name: 'record of the import', values }, ...others] }
}
