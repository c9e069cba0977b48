import { blockIri, inCourse, moduleKeyOf, moduleNameOf, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { answerOf, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const questionOf = (event: EdxEvent, platform: Platform): Description => {
  const key = moduleKeyOf(event)
  return {
    id: key === undefined ? inCourse(platform, event.courseId, 'peer-instruction') : blockIri(platform, key),
    name: moduleNameOf(event)
  }
}

const question = {
  sources: ['server'],
  object: 'question',
  what: 'the peer instruction question'
} as const satisfies Partial<Conversion>

const submitted = (which: 'original' | 'revised'): Conversion => ({
  ...question,
  events: [`ubc.peer_instruction.${which}_submitted`],
  verb: 'answered',
  result: 'response, rationale',
  context: `${which} answer`,
  describe: (event, platform) => ({
    ...questionOf(event, platform),
    result: resulting({
      response: answerOf(event.payload, 'answer'),
      extensions: extended({
        [extensions.supplement]: textOf(event.payload, 'rationale')
      })
    }),
    extensions: { [extensions.type]: which }
  })
})

export const peerInstructionConversions: readonly Conversion[] = [
  {
    ...question,
    events: ['ubc.peer_instruction.accessed'],
    verb: 'initialized',
    describe: questionOf
  },
  submitted('original'),
  submitted('revised')
]
