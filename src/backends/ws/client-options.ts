import { choice, headerText, integer, type Kind, number } from '../../settings/kinds.ts'

const isNone = (value: string): boolean => /^(?:none|null|)$/i.test(value)

/** The limit is infinite unless it is set. */
const orNone = (kind: Kind<number>, what: string): Kind<number> => ({
  placeholder: 'number',
  expected: `${what}, or none`,
  parse: (value) => (isNone(value) ? Number.POSITIVE_INFINITY : kind.parse(value))
})

const orEmpty: Kind<string> = {
  expected: `${headerText.expected}, or none`,
  parse: (value) => (isNone(value) ? '' : headerText.parse(value))
}

const seconds = orNone(number(0, 86_400), 'a number of seconds')
const bytes = orNone(integer(1, 2 ** 31 - 1), 'a number of bytes')

/** The options of Python Ralph, by their names. */
export const optionKinds = {
  close_timeout: seconds,
  compression: choice(['deflate', 'none']),
  max_size: bytes,
  max_queue: orNone(integer(1, 1_000_000), 'a whole number'),
  open_timeout: seconds,
  origin: orEmpty,
  ping_interval: seconds,
  ping_timeout: seconds,
  read_limit: bytes,
  write_limit: bytes,
  user_agent_header: orEmpty
} as const satisfies { readonly [name: string]: Kind<number> | Kind<string> }

type OptionName = keyof typeof optionKinds

export type ClientOptions = {
  readonly [Name in OptionName]: (typeof optionKinds)[Name] extends Kind<infer Value> ? Value : never
}

export const usualOptions: ClientOptions = {
  close_timeout: 10,
  compression: 'deflate',
  max_size: 2 ** 20,
  max_queue: 32,
  open_timeout: 10,
  origin: '',
  ping_interval: 20,
  ping_timeout: 20,
  read_limit: 2 ** 16,
  write_limit: 2 ** 16,
  user_agent_header: 'ralph'
}

const isOption = (name: string): name is OptionName => Object.hasOwn(optionKinds, name)

/** The flag of Python Ralph takes all options at once. */
export const optionList: Kind<Partial<ClientOptions>> = {
  expected: `key=value pairs of ${Object.keys(optionKinds).join(', ')}, separated by commas`,
  parse: (list) => {
    const read: { [name: string]: number | string } = {}
    for (const pair of list.split(',')) {
      const [name = '', value, ...rest] = pair.split('=').map((each) => each.trim())
      if (!isOption(name) || value === undefined || rest.length > 0) return undefined
      const option = optionKinds[name].parse(value === '' ? 'none' : value)
      if (option === undefined) return undefined
      read[name] = option
    }
    // Each value was read by the kind of the option with the same name.
    return read as Partial<ClientOptions>
  }
}
