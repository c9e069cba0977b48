import { blockIri, inCourse, keyOfBlock, typeOfBlock } from './addresses.ts'
import { type Conversion, extended } from './define.ts'
import { requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

/** Experiments with the content of a course: who is in which group, and what was shown to them for it. */
export const experimentConversions: readonly Conversion[] = [
  {
    events: ['xmodule.partitions.assigned_user_to_partition'],
    sources: ['server'],
    verb: 'joined',
    object: 'group',
    what: 'the group of the experiment',
    context: 'the experiment',
    describe: (event, platform) => {
      const partition = requireText(event.payload, 'partition_id')
      return {
        id: inCourse(
          platform,
          event.courseId,
          `partitions/${partition}/groups/${requireText(event.payload, 'group_id')}`
        ),
        name: textOf(event.payload, 'group_name'),
        extensions: extended({ [extensions.target]: textOf(event.payload, 'partition_name') })
      }
    }
  },
  {
    events: ['xblock.split_test.child_render'],
    sources: ['server'],
    verb: 'viewed',
    object: 'block',
    what: 'the component that was shown',
    describe: (event, platform) => {
      const child = textOf(event.payload, 'child-id') ?? requireText(event.payload, 'child_id')
      const key = keyOfBlock(event.courseId, 'vertical', child) ?? child
      return { id: blockIri(platform, key), type: typeOfBlock(key) }
    }
  }
]
