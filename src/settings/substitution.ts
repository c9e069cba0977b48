export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces `${NAME}` in a string of a configuration file by a variable of the environment, and `${NAME:-text}` by the text if
 * that is not set. This happens after parsing, so a value can change nothing but its own string.
 * @param missing the error for a required variable that is not set
 */
export const substituteVariables = (text: string, environment: Environment, missing: (name: string) => Error): string =>
  text.replace(/\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (_all, name: string, otherwise: string | undefined) => {
    const value = environment[name] || otherwise
    if (value === undefined) throw missing(name)
    return value
  })
