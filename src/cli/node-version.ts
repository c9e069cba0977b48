// This must be the first import of main.ts. If main.ts statically imported a name that an older Node does not have, Node would
// fail before this check runs.

/** As `engines` in package.json. */
const [major, minor] = [22, 18]

const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)

if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  process.stderr.write(
    `Error: Ralph needs Node ${major}.${minor} or later, but this is Node ${process.versions.node}. ` +
      'In a checkout, "npm start" and "./ralph" use the Node that is installed with the project.\n'
  )
  process.exit(1)
}
