import { blockIri, inCourse, keyOfBlock, moduleKeyOf, moduleNameOf, type Platform } from './addresses.ts'
import { type Conversion, type Description, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { answerOf, textOf } from './fields.ts'

const questionnaire =
  (type: 'poll' | 'survey') =>
  (event: EdxEvent, platform: Platform): Description => {
    const urlName = textOf(event.payload, 'url_name')
    const key = moduleKeyOf(event) ?? (urlName === undefined ? undefined : keyOfBlock(event.courseId, type, urlName))
    return {
      id: key === undefined ? inCourse(platform, event.courseId, type) : blockIri(platform, key),
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
      describe: (event, platform) => ({
        ...questionnaire(type)(event, platform),
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
