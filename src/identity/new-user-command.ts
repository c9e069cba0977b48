/** A shell command that makes a user in the auth file of a server. */
export const newUserCommand = (authFile: string): string =>
  `ralph auth --auth-file ${JSON.stringify(authFile)} --username NAME --scope all ` +
  '--agent-ifi-mbox mailto:NAME@example.org --write-to-disk'
