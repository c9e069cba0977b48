/**
 * The SQLSTATEs of PostgreSQL that decide what Ralph does next (appendix A of its manual). The first two letters are the class.
 */
export const sqlStates = {
  readOnly: '25006',
  idleTransactionEnded: '25P03',
  unknownDatabase: '3D000',
  unknownSchema: '3F000',
  serializationFailure: '40001',
  deadlock: '40P01',
  forbidden: '42501',
  unknownTable: '42P01',
  diskFull: '53100',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
  damagedData: 'XX001',
  damagedIndex: 'XX002'
} as const

export const sqlClasses = {
  connection: '08',
  data: '22',
  authorization: '28',
  resources: '53',
  limit: '54',
  intervention: '57',
  system: '58'
} as const

export const classOf = (state: string): string => state.slice(0, 2)

const undone: ReadonlySet<string> = new Set([sqlStates.serializationFailure, sqlStates.deadlock])

/** Whether the server undid a transaction in favor of another one. The same transaction may succeed now. */
export const isUndone = (state: unknown): boolean => typeof state === 'string' && undone.has(state)

const lost: ReadonlySet<string> = new Set([
  sqlStates.adminShutdown,
  sqlStates.crashShutdown,
  sqlStates.cannotConnectNow,
  sqlStates.idleTransactionEnded
])

/** Whether the server ended the connection. */
export const isConnectionLost = (state: string): boolean => classOf(state) === sqlClasses.connection || lost.has(state)

const ofServer: ReadonlySet<string> = new Set([
  sqlClasses.connection,
  sqlClasses.resources,
  sqlClasses.intervention,
  sqlClasses.system
])

/** Whether the server judged the query itself. False: the server had trouble, or there was no SQLSTATE. */
export const isAboutQuery = (state: string | undefined): boolean =>
  state !== undefined && /^[0-9A-Z]{5}$/.test(state) && !ofServer.has(classOf(state))

/** Whether a record cannot be stored, because of its data or its nesting. */
export const isAboutRecord = (state: string): boolean =>
  classOf(state) === sqlClasses.data || classOf(state) === sqlClasses.limit
