import type { Kind } from './kinds.ts'

/** One setting, declared once: its variable, its flag, `ralph settings` and `--help` all use this. */
export interface Setting<Value> {
  /** The canonical environment variable. */
  readonly variable: string
  /** Settings to try, in this order, if this one is not set. The server falls back to the data role. */
  readonly fallbacks: readonly string[]
  /** Without the dashes. */
  readonly flag: string
  /** One letter, without the dash. */
  readonly letter: string | undefined
  readonly kind: Kind<Value & {}>
  readonly default: Value
  /** The default as documentation shows it. Empty: none. */
  readonly defaultText: string
  readonly description: string
  /** Its value is never shown. */
  readonly secret: boolean
  /** It says where a server is, in URLs. They may contain credentials, so that it is a secret, too. */
  readonly isAddress: boolean
}

/** `defaultText` of a path that is not set. */
export const workingDirectory = 'the working directory'

export interface SettingsGroup {
  readonly [name: string]: Setting<unknown>
}

/** The result of reading a group. */
export type Values<Settings extends SettingsGroup> = {
  readonly [name in keyof Settings]: Settings[name] extends Setting<infer Value> ? Value : never
}

interface Declaration<Value extends {}> {
  readonly kind: Kind<Value>
  readonly default: NoInfer<Value> | undefined
  readonly description: string
  readonly flag?: string
  readonly letter?: string
  /** For a default that is not a fixed value, or is shown in another form. */
  readonly defaultText?: string
  readonly secret?: true
  readonly isAddress?: true
}

/** The declaration of a setting with the name of another tool, instead of a name RALPH_…. */
interface ForeignDeclaration<Value extends {}> extends Declaration<Value> {
  readonly flag: string
  readonly fallbacks?: readonly string[]
}

interface Declare {
  /** @param name the variable without `RALPH_` */
  <Value extends {}>(
    name: string,
    declaration: Declaration<Value> & { readonly default: undefined }
  ): Setting<Value | undefined>
  <Value extends {}>(
    name: string,
    declaration: Declaration<Value> & { readonly default: NoInfer<Value> }
  ): Setting<Value>
}

export const setting: Declare = <Value extends {}>(name: string, declaration: Declaration<Value>): Setting<Value> => ({
  variable: `RALPH_${name}`,
  fallbacks: [],
  flag:
    declaration.flag ??
    name
      .replace(/^(RUNSERVER|LRS)_/, '')
      .replaceAll('_', '-')
      .toLowerCase(),
  letter: declaration.letter,
  kind: declaration.kind,
  // It is undefined only with the first signature, which allows it.
  default: declaration.default as Value,
  defaultText: declaration.defaultText ?? (declaration.default === undefined ? '' : String(declaration.default)),
  description: declaration.description,
  secret: declaration.secret === true,
  isAddress: declaration.isAddress === true
})

/** A setting that keeps the variable name of another tool, so that users of that tool need not change it. */
export const foreignSetting: {
  <Value extends {}>(
    variable: string,
    declaration: ForeignDeclaration<Value> & { readonly default: undefined }
  ): Setting<Value | undefined>
  <Value extends {}>(
    variable: string,
    declaration: ForeignDeclaration<Value> & { readonly default: NoInfer<Value> }
  ): Setting<Value>
} = <Value extends {}>(variable: string, declaration: ForeignDeclaration<Value>): Setting<Value> => ({
  // It is undefined only with the first signature, which allows it.
  ...setting(variable, { ...declaration, default: declaration.default as NoInfer<Value> }),
  variable,
  fallbacks: declaration.fallbacks ?? []
})

/** A setting of a backend, by the name of its parameter, such as `DEFAULT_DIRECTORY_PATH`. `inRole` completes it. */
export const parameter = setting

/**
 * The settings that a backend has in one role, from its parameters. In the LRS role a parameter that is not set is
 * taken from the data role.
 */
export const inRole = <Parameters extends SettingsGroup>(
  backend: string,
  role: 'DATA' | 'LRS',
  parameters: Parameters
): Parameters => {
  const named = Object.entries(parameters).map(([key, declared]) => {
    const parameterName = declared.variable.slice('RALPH_'.length)
    const variable = (of: string): string => `RALPH_BACKENDS__${of}__${backend.toUpperCase()}__${parameterName}`
    return [
      key,
      {
        ...declared,
        variable: variable(role),
        fallbacks: role === 'LRS' ? [variable('DATA')] : declared.fallbacks,
        flag: `${backend}-${parameterName.replace(/_+/g, '-').toLowerCase()}`
      }
    ] as const
  })
  // The same keys, with settings of the same values. Only names were changed.
  return Object.fromEntries(named) as unknown as Parameters
}
