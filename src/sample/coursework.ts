import type { Attachment, Context, StatementRef } from '../xapi/statement.ts'
import {
  attended,
  commented,
  downloaded,
  experienced,
  mentored,
  planned,
  registered,
  submitted,
  voided
} from './verbs.ts'
import { durationOf } from './video.ts'
import { asObject, type Deeds, type Visit } from './visit.ts'

const contextOf = ({ registration, course, module }: Visit): Context => ({
  registration,
  contextActivities: { parent: [module.activity], grouping: [course.activity] },
  language: course.language
})

/** `platform` goes with an Activity as Object only (Data §2.4.6). */
const contextOfActivity = (visit: Visit): Context => ({ ...contextOf(visit), platform: 'Example LMS 4.3' })

const reference = (id: string): StatementRef => ({ objectType: 'StatementRef', id })

/** A learner enrols, says when the work will be done, and reads. */
export function* enrol(visit: Visit): Deeds {
  const { random, course, module, learner } = visit
  yield {
    after: random.between(1, 20),
    verb: registered,
    object: course.activity,
    context: { registration: visit.registration, instructor: visit.instructor, language: course.language }
  }
  if (random.chance(0.4)) {
    yield {
      after: random.between(10, 120),
      verb: planned,
      object: {
        objectType: 'SubStatement',
        actor: learner.agent,
        verb: submitted,
        object: module.essay,
        result: { completion: true },
        context: { contextActivities: { grouping: [course.activity] } }
      },
      context: contextOf(visit)
    }
  }
  yield* read(visit)
}

/** A learner reads a module and keeps its hand-out. */
export function* read(visit: Visit): Deeds {
  const { random, module } = visit
  const seconds = random.between(20, 900)
  yield { after: random.between(2, 30), verb: experienced, object: module.activity, context: contextOfActivity(visit) }
  yield {
    after: seconds,
    verb: downloaded,
    object: module.handout,
    result: {
      duration: durationOf(seconds),
      extensions: { 'https://lms.example.org/extensions/pages-seen': [1, 2, 5] }
    },
    context: contextOfActivity(visit)
  }
}

/** A learner hands in an essay; an instructor comments on it, and at times takes a comment back. */
export function* writeEssay(visit: Visit): Deeds {
  const { random, course, module, instructor } = visit
  const file: Attachment = {
    usageType: 'http://id.tincanapi.com/attachment/supporting_media',
    display: { [course.language]: 'essay.pdf', 'en-US': 'Essay' },
    description: { 'en-US': 'As it was handed in' },
    contentType: 'application/pdf',
    length: 20_000 + random.below(2_000_000),
    sha2: random.hex(32),
    fileUrl: `https://files.example.org/${random.uuid()}.pdf`
  }
  yield {
    after: random.between(60, 1800),
    verb: submitted,
    object: module.essay,
    result: { completion: true },
    context: contextOfActivity(visit),
    attachments: [file]
  }
  const earlier = visit.earlier()
  if (earlier === undefined) return
  yield {
    after: random.between(60, 7200),
    actor: instructor,
    verb: commented,
    object: reference(earlier.id),
    result: {
      response: random.pick(['Well done!', 'Bitte Quellen angeben.', 'À revoir : la conclusion.', 'よくできました'])
    },
    context: { ...contextOf(visit), statement: reference(earlier.id) }
  }
  if (!random.chance(0.25) || !earlier.voidable) return
  yield {
    after: random.between(30, 600),
    actor: instructor,
    verb: voided,
    object: reference(earlier.id),
    context: { registration: visit.registration, language: course.language }
  }
}

/** A team and its instructor meet in the virtual classroom. */
export function* meet(visit: Visit): Deeds {
  const { random, version, course, learner, instructor, team } = visit
  const seconds = random.between(900, 5400)
  const base: Context = { ...contextOf(visit), instructor, team }
  const context: Context =
    version === '2.0.0'
      ? {
          ...base,
          contextAgents: [
            {
              objectType: 'contextAgent',
              agent: instructor,
              relevantTypes: ['https://lms.example.org/roles/host']
            }
          ],
          contextGroups: [{ objectType: 'contextGroup', group: team }]
        }
      : base
  yield {
    after: random.between(5, 120),
    actor: random.chance(0.5) ? team : { objectType: 'Group', name: 'Those who came', member: [learner.agent] },
    verb: attended,
    object: course.meeting,
    result: { duration: durationOf(seconds), completion: true },
    context
  }
  yield {
    after: seconds,
    actor: instructor,
    verb: mentored,
    object: random.chance(0.5) ? team : asObject(learner.agent),
    context: { ...contextOf(visit), team }
  }
}
