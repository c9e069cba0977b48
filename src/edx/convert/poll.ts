import { type Conversion, type Description, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { answerOf, textOf } from './fields.ts'
import { blockIri, inCourse, keyOfBlock, moduleKeyOf, moduleNameOf, type Place } from './place.ts'

const questionnaire =
  (type: 'poll' | 'survey') =>
  (event: EdxEvent, place: Place): Description => {
    const urlName = textOf(event.payload, 'url_name')
    const key = moduleKeyOf(event) ?? (urlName === undefined ? undefined : keyOfBlock(event.courseId, type, urlName))
    return {
      id: key === undefined ? inCourse(place, event.courseId, type) : blockIri(place, key),
      name: moduleNameOf(event)
    }
  }

const asked = (type: 'poll' | 'survey', answers: 'choice' | 'choices'): readonly Conversion[] => {
  const common = {
    sources: ['server'],
    object: 'survey',
    what: `the ${type}`
  } as const satisfies Partial<Conversion>
  return [
    {
      ...common,
      events: [`xblock.${type}.submitted`],
      verb: 'answered',
      result: type === 'poll' ? 'response' : 'response: all choices',
      describe: (event, place) => ({
        ...questionnaire(type)(event, place),
        result: resulting({ response: answerOf(event.payload, answers) })
      })
    },
    {
      ...common,
      events: [`xblock.${type}.view_results`],
      verb: 'viewed',
      describe: questionnaire(type)
    }
  ]
}

export const pollConversions: readonly Conversion[] = [...asked('poll', 'choice'), ...asked('survey', 'choices')]
