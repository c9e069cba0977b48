import type { Change } from '../edx/invalid-events.ts'

/** For every template, changes of its first example after which it is a statement, but none of the profile. */
export const invalidStatements: { readonly [template: string]: readonly Change[] } = {
  'lms/accessed-file': [
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', ['x'], 'type'],
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/accessed-page': [
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', 'other', 'enum'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/downloaded-audio': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1length', -1, 'minimum'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/downloaded-document': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/downloaded-file': [
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', ['x'], 'type'],
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/downloaded-video': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1length', -1, 'minimum'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1quality', 0, 'exclusiveMinimum'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/registered-course': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1lms~1extensions~1role', ['x'], 'type'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1lms~1extensions~1starting-date', 'other', 'format/timestamp'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/unregistered-course': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1lms~1extensions~1role', ['x'], 'type'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1lms~1extensions~1starting-date', 'other', 'format/timestamp'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/uploaded-audio': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/uploaded-document': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/uploaded-file': [
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', ['x'], 'type'],
    ['/object/definition/extensions/https:~1~1w3id.org~1xapi~1acrossx~1extensions~1type', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'lms/uploaded-video': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', 'other', 'format/uuid'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'navigation/page-terminated': [],
  'navigation/page-viewed': [],
  'video/completed': [
    ['/result/completion', false, 'const'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1played-segments', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/enable-closed-captioning': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1cc-enabled', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/initialized': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1length', -1, 'minimum'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1cc-enabled', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'video/paused': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1played-segments', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/played': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1played-segments', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/screen-change': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1played-segments', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/seeked': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time-from', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time-from', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/terminated': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1played-segments', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'video/volume-change': [
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', -1, 'minimum'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1played-segments', ['x'], 'type'],
    ['/result/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1time', undefined, 'required'],
    ['/result/extensions', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1video~1extensions~1session-id', 'other', 'format/uuid']
  ],
  'virtual-classroom/answered-poll': [
    ['/result/response', ['x'], 'type'],
    ['/result/response', undefined, 'required'],
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/parent', [], 'virtualClassroom'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type']
  ],
  'virtual-classroom/initialized': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/http:~1~1id.tincanapi.com~1extension~1planned-duration', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/joined': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/http:~1~1id.tincanapi.com~1extension~1planned-duration', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/left': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/lowered-hand': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/muted': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/posted-public-message': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/parent', [], 'virtualClassroom'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/raised-hand': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/shared-screen': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/started-camera': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/started-poll': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/parent', [], 'virtualClassroom'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/stopped-camera': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/terminated': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/http:~1~1id.tincanapi.com~1extension~1planned-duration', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/unmuted': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ],
  'virtual-classroom/unshared-screen': [
    ['/context/contextActivities/category', [], 'profileCategory'],
    ['/context/contextActivities/category', undefined, 'required'],
    ['/context/extensions/https:~1~1w3id.org~1xapi~1cmi5~1context~1extensions~1sessionid', ['x'], 'type'],
    ['/context/contextActivities', undefined, 'required']
  ]
}
