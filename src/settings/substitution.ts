export type Environment = Readonly<Record<string, string | undefined>>

/**
 * In a text of a configuration file `${NAME}` stands for a variable of the environment, and `${NAME:-text}` for a text where
 * that is not set. It is put in after the file was parsed, so that a value can change nothing but itself.
 * @param missing the error for a variable that is needed and not set
 */
export const substituteVariables = (text: string, environment: Environment, missing: (name: string) => Error): string =>
  text.replace(/\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g, (_all, name: string, otherwise: string | undefined) => {
    const value = environment[name] || otherwise
    if (value === undefined) throw missing(name)
    return value
  })
