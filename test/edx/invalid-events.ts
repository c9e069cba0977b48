/** Where a member is changed, to what (undefined: it is taken away), and the rule that is broken then. */
export type Change = readonly [pointer: string, value: unknown, rule: string]

/** For every model, changes of its first example that make it invalid. */
export const invalidEvents: { readonly [model: string]: readonly Change[] } = {
  'bookmark/edx.bookmark.accessed': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/bookmark_id', true, 'type'],
    ['/event/bookmark_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'bookmark/edx.bookmark.added': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/bookmark_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'bookmark/edx.bookmark.listed': [
    ['/event/list_type', 'other', 'enum'],
    ['/event/bookmarks_count', true, 'type'],
    ['/event/bookmarks_count', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'bookmark/edx.bookmark.removed': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/bookmark_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'certificate/edx.certificate.created': [
    ['/event/certificate_id', 'no such thing', 'uuid'],
    ['/event/certificate_url', 'no such thing', 'url'],
    ['/event/certificate_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'certificate/edx.certificate.evidence_visited': [
    ['/event/certificate_id', 'no such thing', 'uuid'],
    ['/event/certificate_url', 'no such thing', 'url'],
    ['/event/certificate_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'certificate/edx.certificate.generation.disabled': [
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/course_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'certificate/edx.certificate.generation.enabled': [
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/course_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'certificate/edx.certificate.revoked': [
    ['/event/certificate_id', 'no such thing', 'uuid'],
    ['/event/certificate_url', 'no such thing', 'url'],
    ['/event/certificate_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'certificate/edx.certificate.shared': [
    ['/event/certificate_id', 'no such thing', 'uuid'],
    ['/event/certificate_url', 'no such thing', 'url'],
    ['/event/certificate_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'cohort/edx.cohort.created': [
    ['/event/cohort_id', true, 'type'],
    ['/event/name', true, 'type'],
    ['/event/cohort_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'cohort/edx.cohort.user_added': [
    ['/event/user_id', 'no such thing', 'userId'],
    ['/event/cohort_id', true, 'type'],
    ['/event/cohort_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'cohort/edx.cohort.user_removed': [
    ['/event/user_id', 'no such thing', 'userId'],
    ['/event/cohort_id', true, 'type'],
    ['/event/cohort_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'completion/edx.done.toggled.browser': [
    ['/event/done', 'seven', 'type'],
    ['/event/done', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'completion/edx.done.toggled': [
    ['/event/done', 'seven', 'type'],
    ['/event/done', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.feedback.closed': [
    ['/event/content', true, 'type'],
    ['/event/manually', 'seven', 'type'],
    ['/event/content', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.feedback.opened': [
    ['/event/content', true, 'type'],
    ['/event/manually', 'seven', 'type'],
    ['/event/content', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.item.dropped': [
    ['/event/input', true, 'type'],
    ['/event/item', true, 'type'],
    ['/event/item_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.item.picked_up': [
    ['/event/item_id', true, 'type'],
    ['/event/item_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.loaded': [['/name', 'other', 'const']],
  'enrollment/edx.course.enrollment.activated': [
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/mode', 'other', 'enum'],
    ['/event/course_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'enrollment/edx.course.enrollment.deactivated': [
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/mode', 'other', 'enum'],
    ['/event/course_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'enrollment/edx.course.enrollment.mode_changed': [
    ['/event/course_id', 'no such thing', 'courseId'],
    ['/event/mode', 'other', 'enum'],
    ['/event/course_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'enrollment/edx.course.enrollment.upgrade.succeeded': [
    ['/name', 'other', 'const'],
    ['/context/mode', 'other', 'enum']
  ],
  'enrollment/edx.course.enrollment.upgrade_clicked': [
    ['/name', 'other', 'const'],
    ['/context/mode', 'other', 'enum']
  ],
  'library-content/edx.librarycontentblock.content.assigned': [
    ['/event/location', true, 'type'],
    ['/event/max_count', true, 'type'],
    ['/event/location', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'library-content/edx.librarycontentblock.content.removed': [
    ['/event/reason', 'other', 'enum'],
    ['/event/location', true, 'type'],
    ['/event/location', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'navigation/page_close': [['/event', '[]', 'enum']],
  'navigation/seq_goto': [
    ['/event/id', 'no such thing', 'usageKey'],
    ['/event/new', true, 'type'],
    ['/event/id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'navigation/seq_next': [
    ['/event/id', 'no such thing', 'usageKey'],
    ['/event/new', true, 'type'],
    ['/event/id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'navigation/seq_prev': [
    ['/event/id', 'no such thing', 'usageKey'],
    ['/event/new', true, 'type'],
    ['/event/id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessment.student_training_assess_example': [
    ['/event/submission_uuid', 'no such thing', 'uuid'],
    ['/event/corrections', true, 'type'],
    ['/event/corrections', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessment.upload_file': [
    ['/event/fileName', true, 'type'],
    ['/event/fileSize', true, 'type'],
    ['/event/fileName', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.create_submission': [
    ['/event/created_at', 'yesterday', 'format/timestamp'],
    ['/event/submitted_at', 'yesterday', 'format/timestamp'],
    ['/event/answer', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.get_peer_submission': [
    ['/event/item_id', 'no such thing', 'usageKey'],
    ['/event/course_id', true, 'type'],
    ['/event/course_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.get_submission_for_staff_grading': [
    ['/event/item_id', 'no such thing', 'usageKey'],
    ['/event/type', 'other', 'enum'],
    ['/event/item_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.peer_assess': [
    ['/event/scored_at', 'yesterday', 'format/timestamp'],
    ['/event/score_type', 'other', 'enum'],
    ['/event/feedback', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.save_submission': [
    ['/event/saved_response', true, 'type'],
    ['/event/saved_response', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.self_assess': [
    ['/event/scored_at', 'yesterday', 'format/timestamp'],
    ['/event/score_type', 'other', 'enum'],
    ['/event/feedback', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.staff_assess': [
    ['/event/scored_at', 'yesterday', 'format/timestamp'],
    ['/event/score_type', 'other', 'enum'],
    ['/event/feedback', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'open-response-assessment/openassessmentblock.submit_feedback_on_assessments': [
    ['/event/submission_uuid', 'no such thing', 'uuid'],
    ['/event/feedback_text', true, 'type'],
    ['/event/feedback_text', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'peer-instruction/ubc.peer_instruction.accessed': [['/name', 'other', 'const']],
  'peer-instruction/ubc.peer_instruction.original_submitted': [
    ['/event/answer', true, 'type'],
    ['/event/rationale', true, 'type'],
    ['/event/answer', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'peer-instruction/ubc.peer_instruction.revised_submitted': [
    ['/event/answer', true, 'type'],
    ['/event/rationale', true, 'type'],
    ['/event/answer', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'poll/xblock.poll.submitted': [
    ['/event/url_name', true, 'type'],
    ['/event/choice', true, 'type'],
    ['/event/url_name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'poll/xblock.poll.view_results': [['/name', 'other', 'const']],
  'problem/edx.problem.hint.demandhint_displayed': [
    ['/event/module_id', 'no such thing', 'usageKey'],
    ['/event/hint_index', true, 'type'],
    ['/event/hint_index', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/edx.problem.hint.feedback_displayed': [
    ['/event/module_id', 'no such thing', 'usageKey'],
    ['/event/trigger_type', 'other', 'enum'],
    ['/event/correctness', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/problem_check.browser': [['/event', {}, 'type']],
  'problem/problem_check': [
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/success', 'other', 'enum'],
    ['/event/answers', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/problem_check_fail': [
    ['/event/failure', 'other', 'enum'],
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/answers', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/problem_graded': [
    ['/event', 'text', 'type'],
    ['/event/0', 1, 'type']
  ],
  'problem/problem_rescore': [
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/success', 'other', 'enum'],
    ['/event/attempts', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/problem_rescore_fail': [
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/failure', true, 'type'],
    ['/event/failure', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/problem_reset': [
    ['/event/answers', true, 'type'],
    ['/event/answers', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/problem_save': [['/event', {}, 'type']],
  'problem/problem_show': [
    ['/event/problem', true, 'type'],
    ['/event/problem', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/reset_problem': [
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/new_state', true, 'type'],
    ['/event/new_state', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/reset_problem_fail': [
    ['/event/failure', 'other', 'enum'],
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/failure', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/save_problem_fail': [
    ['/event/failure', 'other', 'enum'],
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/answers', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/save_problem_success': [
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/answers', true, 'type'],
    ['/event/answers', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'problem/showanswer': [
    ['/event/problem_id', 'no such thing', 'usageKey'],
    ['/event/problem_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'server/server': [
    ['/event/GET', true, 'type'],
    ['/event/POST', true, 'type'],
    ['/event/GET', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.added': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/highlighted_content', true, 'type'],
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.deleted': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/highlighted_content', true, 'type'],
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.edited': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/highlighted_content', true, 'type'],
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.notes_page_viewed': [
    ['/event/view', true, 'type'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.searched': [
    ['/event/number_of_results', true, 'type'],
    ['/event/search_string', true, 'type'],
    ['/event/number_of_results', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.used_unit_link': [
    ['/event/component_usage_id', 'no such thing', 'usageKey'],
    ['/event/note_id', true, 'type'],
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.student_notes.viewed': [
    ['/event/notes', true, 'type'],
    ['/event/notes', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'student-notes/edx.course.tool.accessed': [
    ['/event/tool_name', true, 'type'],
    ['/event/tool_name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'survey/xblock.survey.submitted': [
    ['/event/url_name', true, 'type'],
    ['/event/choices', true, 'type'],
    ['/event/url_name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'survey/xblock.survey.view_results': [['/name', 'other', 'const']],
  'team/edx.team.activity_updated': [
    ['/event/team_id', true, 'type'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.changed': [
    ['/event/team_id', true, 'type'],
    ['/event/field', true, 'type'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.created': [
    ['/event/team_id', true, 'type'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.deleted': [
    ['/event/team_id', true, 'type'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.learner_added': [
    ['/event/add_method', 'other', 'enum'],
    ['/event/user_id', 'no such thing', 'userId'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.learner_removed': [
    ['/event/remove_method', 'other', 'enum'],
    ['/event/user_id', 'no such thing', 'userId'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.page_viewed': [
    ['/event/page_name', 'other', 'enum'],
    ['/event/team_id', true, 'type'],
    ['/event/team_id', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'team/edx.team.searched': [
    ['/event/number_of_results', true, 'type'],
    ['/event/search_text', true, 'type'],
    ['/event/number_of_results', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/book': [
    ['/event/name', 'other', 'enum'],
    ['/event/type', 'other', 'enum'],
    ['/event/chapter', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.chapter.navigated': [
    ['/event/name', 'other', 'const'],
    ['/event/chapter', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.display.scaled': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.outline.toggled': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.page.navigated': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.page.scrolled': [
    ['/event/name', 'other', 'const'],
    ['/event/direction', 'other', 'enum'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.search.executed': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.search.highlight.toggled': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.search.navigatednext': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.searchcasesensitivity.toggled': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.thumbnail.navigated': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.thumbnails.toggled': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.zoom.buttons.changed': [
    ['/event/name', 'other', 'const'],
    ['/event/direction', 'other', 'enum'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'textbook/textbook.pdf.zoom.menu.changed': [
    ['/event/name', 'other', 'const'],
    ['/event/page', true, 'type'],
    ['/event/name', undefined, 'required'],
    ['/event/surprise', 1, 'additionalProperties']
  ],
  'video/hide_transcript': [
    ['/event/current_time', -1, 'minimum'],
    ['/event/code', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/load_video': [
    ['/event/code', true, 'type'],
    ['/event/id', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/pause_video': [
    ['/event/currentTime', -1, 'minimum'],
    ['/event/code', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/play_video': [
    ['/event/currentTime', -1, 'minimum'],
    ['/event/code', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/seek_video': [
    ['/event/new_time', -1, 'minimum'],
    ['/event/old_time', -1, 'minimum'],
    ['/event/code', undefined, 'required']
  ],
  'video/show_transcript': [
    ['/event/current_time', -1, 'minimum'],
    ['/event/code', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/speed_change_video': [
    ['/event/currentTime', undefined, 'currentTime'],
    ['/event/currentTime', -1, 'minimum'],
    ['/event/current_time', -1, 'minimum'],
    ['/event/code', undefined, 'required']
  ],
  'video/stop_video': [
    ['/event/currentTime', -1, 'minimum'],
    ['/event/code', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/video_hide_cc_menu': [
    ['/event/code', true, 'type'],
    ['/event/id', true, 'type'],
    ['/event/code', undefined, 'required']
  ],
  'video/video_show_cc_menu': [
    ['/event/code', true, 'type'],
    ['/event/id', true, 'type'],
    ['/event/code', undefined, 'required']
  ]
}
