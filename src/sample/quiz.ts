import type { Context } from '../xapi/statement.ts'
import { answered, attempted, failed, passed, scored } from './verbs.ts'
import { durationOf, nameless } from './video.ts'
import { asObject, type Deeds, type Visit } from './visit.ts'

/** A learner answers the questions of a quiz one by one and passes or fails. */
export function* takeQuiz(visit: Visit): Deeds {
  const { random, course, module, registration, instructor } = visit
  const { activity: quiz, questions } = module.quiz
  const skill = random.between(0.3, 1)
  const context: Context = {
    registration,
    instructor,
    contextActivities: { parent: [module.activity], grouping: [course.activity] },
    platform: 'Example LMS 4.3',
    language: course.language,
    revision: course.revision
  }
  const within: Context = {
    ...context,
    contextActivities: { parent: [nameless(quiz)], grouping: [nameless(course.activity)] }
  }

  yield { after: random.between(5, 60), verb: attempted, object: quiz, context }
  let spent = 0
  let right = 0
  for (const question of questions) {
    const seconds = random.between(4, 90)
    const success = random.chance(skill)
    spent += seconds
    if (success) right++
    yield {
      after: seconds,
      verb: answered,
      object: question.activity,
      result: {
        success,
        completion: true,
        response: success ? question.right : random.pick(question.wrong),
        duration: durationOf(seconds),
        score: { scaled: success ? 1 : 0, raw: success ? 1 : 0, min: 0, max: 1 }
      },
      context: within
    }
  }
  const success = right * 2 >= questions.length
  yield {
    after: random.between(0.5, 3),
    verb: success ? passed : failed,
    object: quiz,
    result: {
      score: { scaled: right / questions.length, raw: right, min: 0, max: questions.length },
      success,
      completion: true,
      duration: durationOf(spent)
    },
    context
  }
  if (random.chance(0.1)) {
    const points = random.below(21)
    yield {
      after: random.between(600, 7200),
      actor: instructor,
      verb: scored,
      object: asObject(visit.learner.agent),
      result: { score: { raw: points, min: 0, max: 20, scaled: points / 20 } },
      context: { registration, contextActivities: { parent: [quiz], grouping: [course.activity] } }
    }
  }
}
