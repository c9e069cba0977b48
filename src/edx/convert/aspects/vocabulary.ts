/** The words of event-routing-backends 10: what the dashboards of Aspects look for. */
const adl = (name: string) => ({ id: `http://adlnet.gov/expapi/verbs/${name}`, display: name })
const video = (name: string) => ({ id: `https://w3id.org/xapi/video/verbs/${name}`, display: name })
const acrossx = (name: string) => ({ id: `https://w3id.org/xapi/acrossx/verbs/${name}`, display: name })
const isd = (name: string) => ({ id: `https://w3id.org/xapi/dod-isd/verbs/${name}`, display: name })
const tincan = (name: string) => ({ id: `http://id.tincanapi.com/verb/${name}`, display: name })
const openedx = (name: string) => ({ id: `https://w3id.org/xapi/openedx/verb/${name}`, display: name })

export const aspectsVerbs = {
  asked: adl('asked'),
  attempted: adl('attempted'),
  completed: adl('completed'),
  deleted: isd('deleted'),
  earned: tincan('earned'),
  edited: acrossx('edited'),
  evaluated: acrossx('evaluated'),
  failed: adl('failed'),
  initialized: adl('initialized'),
  interacted: adl('interacted'),
  navigated: isd('navigated'),
  passed: adl('passed'),
  paused: video('paused'),
  played: video('played'),
  posted: acrossx('posted'),
  progressed: adl('progressed'),
  registered: adl('registered'),
  reported: acrossx('reported'),
  seeked: video('seeked'),
  terminated: adl('terminated'),
  unregistered: tincan('unregistered'),
  unreported: openedx('unreported'),
  viewed: tincan('viewed'),
  voted: openedx('voted')
} as const

export type AspectsVerbName = keyof typeof aspectsVerbs

export const aspectsTypes = {
  attempt: 'http://adlnet.gov/expapi/activities/attempt',
  course: 'http://adlnet.gov/expapi/activities/course',
  discussion: 'http://id.tincanapi.com/activitytype/discussion',
  interaction: 'http://adlnet.gov/expapi/activities/cmi.interaction',
  link: 'http://adlnet.gov/expapi/activities/link',
  module: 'http://adlnet.gov/expapi/activities/module',
  practiceAssessment: 'https://w3id.org/xapi/openedx/activity/practice-assessment',
  proctoredAssessment: 'https://w3id.org/xapi/openedx/activity/proctored-assessment',
  question: 'http://adlnet.gov/expapi/activities/question',
  resource: 'http://id.tincanapi.com/activitytype/resource',
  solution: 'http://id.tincanapi.com/activitytype/solution',
  supplement: 'https://w3id.org/xapi/acrossx/extensions/supplemental-info',
  timedAssessment: 'https://w3id.org/xapi/openedx/activity/timed-assessment',
  video: 'https://w3id.org/xapi/video/activity-type/video'
} as const

export type AspectsTypeName = keyof typeof aspectsTypes

const ofVideo = (name: string): string => `https://w3id.org/xapi/video/extensions/${name}`
const ofOpenEdx = (name: string): string => `https://w3id.org/xapi/openedx/extension/${name}`
const ofTincan = (name: string): string => `http://id.tincanapi.com/extension/${name}`
const ofAcrossx = (name: string): string => `https://w3id.org/xapi/acrossx/extensions/${name}`

export const aspectsExtensions = {
  attempt: ofTincan('attempt-id'),
  attemptCompleted: ofOpenEdx('attempt-completed'),
  attemptStarted: ofOpenEdx('attempt-started'),
  captions: ofVideo('cc-enabled'),
  duration: ofTincan('duration'),
  endingPosition: ofTincan('ending-point'),
  grade: 'http://www.tincanapi.co.uk/activitytypes/grade_classification',
  length: ofVideo('length'),
  mode: ofAcrossx('type'),
  progress: 'https://w3id.org/xapi/cmi5/result/extensions/progress',
  session: 'https://w3id.org/xapi/openedx/extensions/session-id',
  speedFrom: ofOpenEdx('speed-from'),
  speedTo: ofOpenEdx('speed-to'),
  startingPosition: ofTincan('starting-position'),
  time: ofVideo('time'),
  timeFrom: ofVideo('time-from'),
  timeLimit: ofAcrossx('time-limit'),
  timeTo: ofVideo('time-to'),
  totalItems: ofAcrossx('total-items'),
  transformer: ofOpenEdx('transformer-version')
} as const
