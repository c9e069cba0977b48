/** Every IRI that a converted statement can carry, and who registered it. Conversions name them by their keys. */
interface Term {
  readonly id: string
  /** Whose word it is. */
  readonly vocabulary: string
}

interface VerbTerm extends Term {
  /** What a person reads, in English. */
  readonly display: string
}

const adl = (name: string): VerbTerm => ({
  id: `http://adlnet.gov/expapi/verbs/${name}`,
  vocabulary: 'ADL vocabulary',
  display: name
})
const tincan = (name: string, display = name): VerbTerm => ({
  id: `http://id.tincanapi.com/verb/${name}`,
  vocabulary: 'TinCan registry',
  display
})
const streams = (name: string, display: string): VerbTerm => ({
  id: `http://activitystrea.ms/schema/1.0/${name}`,
  vocabulary: 'Activity Streams',
  display
})
const profiled = (profile: string, vocabulary: string, display: string): VerbTerm => ({
  id: `https://w3id.org/xapi/${profile}/verbs/${display}`,
  vocabulary,
  display
})
const acrossx = (name: string): VerbTerm => profiled('acrossx', 'acrossX profile', name)
const isd = (name: string): VerbTerm => profiled('dod-isd', 'DOD ISD profile', name)
const netc = (name: string): VerbTerm => profiled('netc', 'NETC profile', name)
const video = (name: string): VerbTerm => profiled('video', 'video profile', name)

export const verbs = {
  accessed: netc('accessed'),
  answered: adl('answered'),
  approved: streams('approve', 'approved'),
  assigned: streams('assign', 'assigned'),
  attempted: adl('attempted'),
  bookmarked: tincan('bookmarked'),
  cancelled: streams('cancel', 'cancelled'),
  closed: streams('close', 'closed'),
  commented: adl('commented'),
  completed: adl('completed'),
  created: streams('create', 'created'),
  deleted: isd('deleted'),
  disabled: tincan('disabled'),
  discarded: tincan('discarded'),
  downloaded: tincan('downloaded'),
  earned: tincan('earned'),
  edited: acrossx('edited'),
  enabled: tincan('enabled'),
  evaluated: acrossx('evaluated'),
  failed: adl('failed'),
  followed: streams('follow', 'followed'),
  initialized: adl('initialized'),
  interacted: adl('interacted'),
  joined: streams('join', 'joined'),
  left: streams('leave', 'left'),
  navigated: isd('navigated'),
  passed: adl('passed'),
  paused: video('paused'),
  played: video('played'),
  posted: acrossx('posted'),
  progressed: adl('progressed'),
  registered: adl('registered'),
  rejected: streams('reject', 'rejected'),
  removed: streams('remove', 'removed'),
  replied: tincan('replied'),
  reported: acrossx('reported'),
  requested: streams('request', 'requested'),
  resumed: adl('resumed'),
  retracted: streams('retract', 'retracted'),
  saved: streams('save', 'saved'),
  scored: adl('scored'),
  searched: acrossx('searched'),
  seeked: video('seeked'),
  shared: adl('shared'),
  skipped: tincan('skipped'),
  submitted: streams('submit', 'submitted'),
  terminated: adl('terminated'),
  unfollowed: streams('stop-following', 'stopped following'),
  unliked: streams('unlike', 'unliked'),
  unregistered: tincan('unregistered'),
  unreported: {
    id: 'https://w3id.org/xapi/openedx/verb/unreported',
    vocabulary: 'Open edX profile',
    display: 'unreported'
  },
  unsaved: streams('unsave', 'unsaved'),
  updated: streams('update', 'updated'),
  uploaded: netc('uploaded'),
  viewed: tincan('viewed'),
  votedUp: tincan('voted-up', 'voted up')
} as const satisfies { readonly [name: string]: VerbTerm }

export type VerbName = keyof typeof verbs

const adlType = (name: string): Term => ({
  id: `http://adlnet.gov/expapi/activities/${name}`,
  vocabulary: 'ADL vocabulary'
})
const tincanType = (name: string): Term => ({
  id: `http://id.tincanapi.com/activitytype/${name}`,
  vocabulary: 'TinCan registry'
})
const streamsType = (name: string): Term => ({
  id: `http://activitystrea.ms/schema/1.0/${name}`,
  vocabulary: 'Activity Streams'
})

export const activityTypes = {
  assessment: adlType('assessment'),
  certificate: {
    id: 'https://www.opigno.org/en/tincan_registry/activity_type/certificate',
    vocabulary: 'TinCan registry'
  },
  collection: streamsType('collection'),
  comment: streamsType('comment'),
  course: adlType('course'),
  discussion: tincanType('discussion'),
  document: tincanType('document'),
  file: streamsType('file'),
  forumReply: tincanType('forum-reply'),
  forumTopic: tincanType('forum-topic'),
  group: streamsType('group'),
  interaction: adlType('interaction'),
  lesson: adlType('lesson'),
  link: adlType('link'),
  module: adlType('module'),
  note: streamsType('note'),
  page: streamsType('page'),
  profile: adlType('profile'),
  question: adlType('question'),
  resource: tincanType('resource'),
  solution: tincanType('solution'),
  survey: tincanType('survey'),
  team: streamsType('team'),
  video: {
    id: 'https://w3id.org/xapi/video/activity-type/video',
    vocabulary: 'video profile'
  }
} as const satisfies { readonly [name: string]: Term }

export type ActivityTypeName = keyof typeof activityTypes

/** A statement that follows one of these says so by a category Activity with this id. */
export const profiles = {
  lms: { id: 'https://w3id.org/xapi/lms', vocabulary: 'LMS profile' },
  video: { id: 'https://w3id.org/xapi/video', vocabulary: 'video profile' }
} as const satisfies { readonly [name: string]: Term }

export type ProfileName = keyof typeof profiles

const videoExtension = (name: string): string => `https://w3id.org/xapi/video/extensions/${name}`
const tincanExtension = (name: string): string => `http://id.tincanapi.com/extension/${name}`
const openedxExtension = (name: string): string => `https://w3id.org/xapi/openedx/extension/${name}`
const acrossxExtension = (name: string): string => `https://w3id.org/xapi/acrossx/extensions/${name}`

export const extensions = {
  attempt: tincanExtension('attempt-id'),
  captions: videoExtension('cc-enabled'),
  captionsLanguage: videoExtension('cc-subtitle-lang'),
  endingPoint: tincanExtension('ending-point'),
  length: videoExtension('length'),
  progress: videoExtension('progress'),
  referrer: tincanExtension('referrer'),
  sessionId: videoExtension('session-id'),
  speed: videoExtension('speed'),
  speedFrom: openedxExtension('speed-from'),
  speedTo: openedxExtension('speed-to'),
  startingPoint: tincanExtension('starting-point'),
  supplement: acrossxExtension('supplemental-info'),
  target: tincanExtension('target'),
  time: videoExtension('time'),
  timeFrom: videoExtension('time-from'),
  timeTo: videoExtension('time-to'),
  totalItems: acrossxExtension('total-items'),
  type: acrossxExtension('type'),
  userAgent: videoExtension('user-agent')
} as const
