import { readActivity } from '../../lrs/activities.ts'
import { readPerson } from '../../lrs/agents.ts'
import { documentResources } from './documents.ts'
import { jsonAnswer, type Resource } from './resource.ts'
import { statements } from './statements.ts'

const agents: Resource = {
  path: '/agents',
  parameters: 'agents-parameters',
  summary: 'Agents',
  operations: {
    GET: {
      summary: 'All that is known of an Agent, as a Person',
      parameters: ['agent!'],
      scope: 'statements/read/mine',
      answer: async (call, { parameters }) => jsonAnswer(await readPerson(call, parameters))
    }
  }
}

const activities: Resource = {
  path: '/activities',
  parameters: 'activities-parameters',
  summary: 'Activities',
  operations: {
    GET: {
      summary: 'An Activity with the merged definition of all statements',
      parameters: ['activityId!'],
      scope: 'statements/read/mine',
      answer: async (call, { parameters }) => jsonAnswer(await readActivity(call, parameters))
    }
  }
}

/** All resources of xAPI except /about, which needs no credentials (`about.ts`). */
export const resources: readonly Resource[] = [statements, activities, agents, ...documentResources]
