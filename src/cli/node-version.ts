// The first import of main.ts: what an older Node lacks must not be named by anything that main.ts imports statically,
// or Node refuses to link it before a line has run.

/** As `engines` in package.json. */
const [major, minor] = [22, 18]

const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)

if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  process.stderr.write(
    `Error: Ralph needs Node ${major}.${minor} or later, and this is Node ${process.versions.node}. ` +
      'In a checkout, "npm start" and "./ralph" use the Node that the project brings.\n'
  )
  process.exit(1)
}
