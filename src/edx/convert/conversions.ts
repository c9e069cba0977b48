import { bookmarkConversions } from './bookmark.ts'
import { bumperConversions } from './bumper.ts'
import { certificateConversions } from './certificate.ts'
import { cohortConversions } from './cohort.ts'
import { completionConversions } from './completion.ts'
import { contentLibraryConversions } from './content-library.ts'
import type { Conversion } from './define.ts'
import { dragAndDropConversions } from './drag-and-drop.ts'
import { enrollmentConversions } from './enrollment.ts'
import { examConversions } from './exam.ts'
import { experimentConversions } from './experiment.ts'
import { forumConversions } from './forum.ts'
import { gradeConversions } from './grade.ts'
import { instructorConversions } from './instructor.ts'
import { navigationConversions } from './navigation.ts'
import { openResponseConversions } from './open-response.ts'
import { peerInstructionConversions } from './peer-instruction.ts'
import { platformConversions } from './platform.ts'
import { pollConversions } from './poll.ts'
import { problemConversions } from './problem.ts'
import { ralphConversions } from './ralph.ts'
import { serverConversions } from './server.ts'
import { type PreparedConversion, prepare } from './statement.ts'
import { studentNotesConversions } from './student-notes.ts'
import { teamConversions } from './team.ts'
import { textbookConversions } from './textbook.ts'
import { videoConversions } from './video.ts'

/** Every conversion there is, by families, as they are documented. */
export const families: readonly {
  readonly name: string
  readonly conversions: readonly Conversion[]
}[] = [
  { name: 'Pages', conversions: serverConversions },
  { name: 'Navigation', conversions: navigationConversions },
  { name: 'Enrollment', conversions: enrollmentConversions },
  { name: 'Video', conversions: [...videoConversions, ...bumperConversions] },
  { name: 'Problems', conversions: problemConversions },
  {
    name: 'Grades and completion',
    conversions: [...gradeConversions, ...completionConversions]
  },
  { name: 'Exams', conversions: examConversions },
  { name: 'Bookmarks', conversions: bookmarkConversions },
  { name: 'Certificates', conversions: certificateConversions },
  { name: 'Forum', conversions: forumConversions },
  { name: 'Polls and surveys', conversions: pollConversions },
  { name: 'Drag and drop', conversions: dragAndDropConversions },
  { name: 'Open response assessment', conversions: openResponseConversions },
  { name: 'Peer instruction', conversions: peerInstructionConversions },
  { name: 'Notes', conversions: studentNotesConversions },
  { name: 'Teams', conversions: teamConversions },
  { name: 'Cohorts', conversions: cohortConversions },
  { name: 'Textbooks', conversions: textbookConversions },
  { name: 'Content libraries', conversions: contentLibraryConversions },
  { name: 'Experiments', conversions: experimentConversions },
  { name: 'Course teams', conversions: instructorConversions },
  { name: 'Accounts and catalogue', conversions: platformConversions }
]

export const conversions: readonly Conversion[] = families.flatMap((family) => family.conversions)

/** How an event is converted; undefined: nobody knows. */
export type FindConversion = (source: string, type: string, path: unknown) => PreparedConversion | undefined

const finderOf = (all: readonly Conversion[]): FindConversion => {
  const bySource = new Map<string, Map<string, PreparedConversion>>()
  for (const conversion of all) {
    const prepared = prepare(conversion)
    for (const source of conversion.sources) {
      const byType = bySource.get(source) ?? new Map<string, PreparedConversion>()
      bySource.set(source, byType)
      for (const type of conversion.events) byType.set(type, prepared)
    }
  }
  const ofServer = bySource.get('server')
  const requests = ofServer?.get('<context.path>')
  return (source, type, path) =>
    bySource.get(source)?.get(type) ??
    // Logs before 2014 have no path in the context: there the type alone tells.
    (source === 'server' && (type === path || (path === undefined && type.startsWith('/'))) ? requests : undefined)
}

export const findConversion = finderOf(conversions)

/** Only the nine of Python Ralph. */
export const findRalphConversion = finderOf(ralphConversions)
