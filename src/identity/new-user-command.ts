/** What can be pasted into a shell to make a user in the auth file that a server reads. */
export const newUserCommand = (authFile: string): string =>
  `ralph auth --auth-file ${JSON.stringify(authFile)} --username NAME --scope all ` +
  '--agent-ifi-mbox mailto:NAME@example.org --write-to-disk'
