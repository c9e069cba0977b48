import { type QueryKey, queryKeys } from './json-query.ts'

const agent: QueryKey = {
  expected: 'an Agent, as an object or as its JSON text',
  judge: (value) => queryKeys.object.judge(value) || queryKeys.text.judge(value)
}

/** The parameters that every query to another LRS has, by HTTP or gRPC: those of GET /statements (Communication §2.1.3). */
const statementsQuery = {
  statementId: queryKeys.text,
  voidedStatementId: queryKeys.text,
  agent,
  verb: queryKeys.text,
  activity: queryKeys.text,
  registration: queryKeys.text,
  related_activities: queryKeys.truth,
  related_agents: queryKeys.truth,
  since: queryKeys.text,
  until: queryKeys.text,
  limit: queryKeys.count,
  format: queryKeys.text,
  ascending: queryKeys.truth
}

/** The query of the backend `lrs`. */
export const lrsQuery = { ...statementsQuery, attachments: queryKeys.truth }

/** The query of the backend `grpc`. A stream has more parameters than a page. */
export const grpcQuery = {
  ...statementsQuery,
  mine: queryKeys.truth,
  follow: queryKeys.truth,
  position: queryKeys.text
}
