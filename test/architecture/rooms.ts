import type { IForbiddenRuleType } from 'dependency-cruiser'

/**
 * Who may import whom. A room is a folder (or file) of `src/`; it may always import itself. docs/architecture.md shows it:
 * `npm run docs` writes it anew.
 */
export const rooms: { readonly [room: string]: { readonly may: readonly string[]; readonly sentence: string } } = {
  'error-codes.ts': { may: [], sentence: 'The table of errors stands alone.' },
  'errors.ts': { may: ['error-codes.ts'], sentence: 'Everybody depends on what an error is, so it depends on nobody.' },
  json: { may: ['errors.ts'], sentence: 'The text of JSON is read exactly, whatever it says.' },
  xapi: { may: ['json', 'errors.ts'], sentence: 'The specification knows nothing of who applies it.' },
  contracts: {
    may: ['xapi', 'settings', 'errors.ts'],
    sentence: 'A contract speaks the words of the specification, and of how a setting is declared.'
  },
  validation: { may: ['xapi', 'errors.ts'], sentence: 'A statement is judged without asking a store or a user.' },
  durability: { may: ['errors.ts'], sentence: 'Keeping bytes safe has nothing to do with what they mean.' },
  network: {
    may: ['json', 'contracts', 'settings', 'errors.ts'],
    sentence: 'Whether to ask a server again does not depend on what it is asked.'
  },
  storage: {
    may: ['xapi', 'json', 'contracts', 'durability', 'network', 'errors.ts'],
    sentence: 'What is true of more than one store stands here once, and knows none of them.'
  },
  records: {
    may: ['xapi', 'json', 'contracts', 'errors.ts'],
    sentence: 'What the toolbox asks of every database stands here once, and knows none of them.'
  },
  settings: {
    may: ['xapi', 'errors.ts'],
    sentence: 'Settings are declared and read; who uses them is not their business.'
  },
  telemetry: {
    may: ['contracts', 'settings', 'errors.ts'],
    sentence: 'What is told to the operator depends on nothing that tells it.'
  },
  identity: {
    may: ['xapi', 'json', 'validation', 'contracts', 'settings', 'errors.ts'],
    sentence: 'Who is asking is found out without the server.'
  },
  sample: { may: ['xapi'], sentence: 'Sample statements are made from the specification alone.' },
  lrs: {
    may: ['xapi', 'json', 'validation', 'contracts', 'identity', 'streams', 'errors.ts'],
    sentence: 'The use-cases know contracts, and how jobs follow each other, but never a store or a door.'
  },
  privacy: {
    may: ['xapi', 'json', 'contracts', 'errors.ts'],
    sentence: 'What is kept of a person is found and removed by contracts, whatever the store is.'
  },
  streams: { may: ['errors.ts'], sentence: 'Lines and bytes flow without a thought to what they mean.' },
  archives: {
    may: ['streams', 'durability', 'errors.ts'],
    sentence: 'There is one unpacker, with its limits, whoever brings the archive.'
  },
  edx: {
    may: ['xapi', 'validation', 'errors.ts'],
    sentence: 'An event of edX is understood and converted without asking where it came from.'
  },
  toolbox: {
    may: ['xapi', 'json', 'validation', 'edx', 'streams', 'durability', 'contracts', 'errors.ts'],
    sentence: 'What the commands do with learning records knows contracts, never a place or a terminal.'
  },
  mirror: {
    may: ['contracts', 'network', 'durability', 'errors.ts'],
    sentence: 'A mirror knows that archives can be listed and asked for, not whose they are.'
  },
  imports: {
    may: [
      ...['xapi', 'json', 'edx', 'streams', 'durability', 'archives', 'network', 'storage', 'toolbox', 'lrs'],
      ...['identity', 'contracts', 'settings', 'errors.ts']
    ],
    sentence: 'An import is taken in, unpacked, converted and delivered, whatever door it came by.'
  },
  listeners: {
    may: ['contracts', 'settings', 'network', 'durability', 'streams', 'errors.ts'],
    sentence: 'A message is worked on without knowing the LRS, nor the place that its data comes from.'
  },
  forwarding: {
    may: ['xapi', 'json', 'contracts', 'settings', 'network', 'errors.ts'],
    sentence: 'A statement goes on, to another LRS or to a broker, without knowing which store it comes from.'
  },
  downloads: {
    may: ['archives', 'network', 'durability', 'contracts', 'settings', 'errors.ts'],
    sentence: 'What a URL names is fetched, kept a while and unpacked, without asking what it is for.'
  },
  registry: {
    may: ['contracts', 'durability', 'errors.ts'],
    sentence: 'A registry keeps keys and values, and knows nothing of what they are for.'
  },
  uploads: {
    may: ['durability', 'streams', 'contracts', 'settings', 'errors.ts'],
    sentence: 'What comes piece by piece is kept until it is whole, and handed to the imports then.'
  },
  tus: {
    may: ['network', 'durability', 'contracts', 'errors.ts'],
    sentence: 'A client of uploads knows the protocol, and no server.'
  },
  backends: {
    may: [
      ...[
        'xapi',
        'json',
        'contracts',
        'storage',
        'records',
        'network',
        'durability',
        'streams',
        'settings',
        'protocol'
      ],
      'errors.ts'
    ],
    sentence: 'A place to keep things meets its contract and does not look at who calls.'
  },
  http: {
    may: ['lrs', 'identity', 'xapi', 'validation', 'settings', 'contracts', 'telemetry', 'errors.ts'],
    sentence: 'A door receives opened stores; it never opens one.'
  },
  protocol: {
    may: ['errors.ts'],
    sentence: 'What a client and a server of gRPC tell each other knows neither of them.'
  },
  grpc: {
    may: [...['http', 'lrs', 'identity', 'xapi', 'protocol', 'settings', 'contracts', 'telemetry', 'errors.ts']],
    sentence: 'A door beside HTTP: it words errors, bounds bytes and judges users by the same pieces.'
  },
  parts: {
    may: [
      'http',
      'grpc',
      'lrs',
      'imports',
      'downloads',
      'listeners',
      'forwarding',
      'registry',
      'uploads',
      'identity',
      'storage',
      'protocol',
      'telemetry',
      'settings',
      'contracts',
      'errors.ts'
    ],
    sentence: 'A part opens what runs for as long as the server does; main.ts hands it the backend.'
  },
  cli: {
    may: [
      ...['lrs', 'toolbox', 'mirror', 'streams', 'identity', 'xapi', 'validation', 'settings', 'contracts', 'sample'],
      ...['telemetry', 'downloads', 'listeners', 'tus', 'privacy', 'errors.ts']
    ],
    sentence: 'A command receives what it works with; it never opens a store.'
  }
}

const pathOf = (room: string): string => (room.endsWith('.ts') ? `^src/${room.replace('.', '\\.')}$` : `^src/${room}/`)

/** The names of all rooms; a folder of `src/` that is not among them is a mistake. */
export const roomNames: readonly string[] = Object.keys(rooms)

const neighbours: IForbiddenRuleType[] = Object.entries(rooms).map(([room, { may, sentence }]) => ({
  name: `${room} imports ${may.length === 0 ? 'nothing' : `only ${may.join(', ')}`}`,
  comment: sentence,
  severity: 'error',
  from: { path: pathOf(room) },
  to: { path: '^src/', pathNot: [room, ...may].map(pathOf) }
}))

/** `name`: nobody but `only` imports `what`, because of `sentence`. */
const reserved = (what: string, to: string, only: readonly string[], sentence: string): IForbiddenRuleType => ({
  name: `${what} only in ${only.join(', ')}`,
  comment: sentence,
  severity: 'error',
  from: { path: '^src/', pathNot: only.map(pathOf) },
  to: { path: to }
})

/** A package, wherever it is installed. */
const npm = (name: string): string => `(^|node_modules/)${name}(/|$)`

export const rules: readonly IForbiddenRuleType[] = [
  ...neighbours,
  {
    name: 'no cycles',
    comment: 'What imports itself, however far around, cannot be read from the top.',
    severity: 'error',
    from: { path: '^src/' },
    to: { circular: true }
  },
  {
    name: 'every import is found',
    comment: 'An import that is not there fails at the user, not here.',
    severity: 'error',
    from: { path: '^(src|test)/' },
    to: { couldNotResolve: true }
  },
  {
    name: 'nobody imports main.ts',
    comment: 'main.ts knows everybody; whoever knew it would know everybody too.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/main\\.ts$' },
    to: { path: '^src/main\\.ts$' }
  },
  {
    name: 'no backend imports another',
    comment:
      'Two backends that share a few lines cannot change apart: what they share belongs into storage, records or network.',
    severity: 'error',
    from: { path: '^src/backends/([^/]+)/' },
    to: { path: '^src/backends/[^/]+/', pathNot: '^src/backends/$1/' }
  },
  {
    name: 'contracts are types only',
    comment: 'A contract says what must hold; it has no behaviour of its own, not even an imported one.',
    severity: 'error',
    from: { path: '^src/contracts/' },
    to: { dependencyTypesNot: ['type-only'] }
  },
  {
    name: 'json, xapi and sample are pure: of Node they use only what computes',
    comment: 'The specification needs no file, no socket and no package.',
    severity: 'error',
    from: { path: '^src/(json|xapi|sample)/' },
    to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg'], pathNot: '^(node:)?(buffer|crypto|util)$' }
  },
  {
    name: 'lrs touches no file and no socket',
    comment: 'The use-cases reach the world through contracts only.',
    severity: 'error',
    from: { path: '^src/lrs/' },
    to: { path: '^(node:)?(fs|fs/promises|net|http|https|http2|tls|child_process|worker_threads|sqlite)$' }
  },
  {
    name: 'src imports no development package',
    comment: 'Who installs Ralph does not install what builds and tests it.',
    severity: 'error',
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] }
  },
  reserved(
    'node:sqlite',
    '^(node:)?sqlite$',
    ['backends/sqlite', 'durability', 'imports/records', 'listeners/databases', 'mirror', 'registry'],
    'SQL stays where the store is; nobody else may depend on which engine it is.'
  ),
  reserved(
    'fastify',
    npm('(fastify|fastify-plugin|@fastify/[^/]+)'),
    ['http', 'parts', 'main.ts'],
    'The framework is one of the doors, not the house.'
  ),
  reserved(
    'ajv',
    npm('(ajv|ajv-formats)'),
    ['validation'],
    'One validator judges statements, for server and commands alike.'
  ),
  ...(
    [
      ['@elastic/elasticsearch', 'backends/es'],
      ['mongodb', 'backends/mongo'],
      ['@clickhouse/client', 'backends/clickhouse'],
      ['@aws-sdk', 'backends/s3']
    ] as const
  ).map(([name, room]) =>
    reserved(
      name,
      npm(name),
      [room],
      'The driver of a database stays where the store is; nobody else knows which it is.'
    )
  ),
  ...['tar-stream', 'yauzl', 'xz-decompress'].map((name) =>
    reserved(name, npm(name), ['archives'], 'Whoever unpacks elsewhere has none of the limits.')
  ),
  reserved(
    'pg',
    npm('pg'),
    ['backends/postgres', 'imports/records', 'listeners/databases'],
    'SQL stays where the store is; nobody else may depend on which engine it is.'
  ),
  ...['amqplib', '@redis/client'].map((name) =>
    reserved(name, npm(name), ['listeners'], 'Brokers and metadata stores are of listeners alone.')
  ),
  reserved(
    'node-zookeeper-client',
    npm('node-zookeeper-client'),
    ['registry'],
    'The client of a registry stays where the registry is.'
  ),
  reserved('basic-ftp', npm('basic-ftp'), ['downloads'], 'Whoever downloads elsewhere has neither cache nor limits.'),
  reserved(
    'grpc',
    npm('@grpc'),
    ['grpc', 'protocol', 'registry', 'backends'],
    'gRPC is one of the doors, not the house.'
  ),
  reserved('prom-client', npm('prom-client'), ['telemetry'], 'What is measured is named and bounded in one place.'),
  reserved('commander', npm('commander'), ['cli'], 'Only commands have words to parse.'),
  reserved('ws', npm('ws'), ['backends/ws', 'http'], 'A WebSocket is read by the toolbox, and served by the server.'),
  reserved('bcrypt', npm('@node-rs/bcrypt'), ['identity'], 'Passwords are hashed and compared in one place.'),
  reserved('oauth4webapi', npm('oauth4webapi'), ['identity'], 'Providers of tokens are asked in one place.')
]
