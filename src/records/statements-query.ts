import { type QueryKey, queryKeys } from './json-query.ts'

const agent: QueryKey = {
  expected: 'an Agent, as an object or as its JSON text',
  judge: (value) => queryKeys.object.judge(value) || queryKeys.text.judge(value)
}

/** The parameters of a query to another LRS, by HTTP or gRPC: those of GET /statements (Communication §2.1.3). */
export const statementsQuery = {
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
