/** Where a member is changed, to what (undefined: it is taken away), and the rule that is broken then. */
export type Change = readonly [pointer: string, value: unknown, rule: string]

/** For every model, changes of its first example that the model refuses. */
export const invalidEvents: { readonly [model: string]: readonly Change[] } = {
  'bookmark/edx.bookmark.accessed': [
    ['/event/component_usage_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'bookmark/edx.bookmark.added': [
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'bookmark/edx.bookmark.listed': [
    ['/event/bookmarks_count', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'bookmark/edx.bookmark.removed': [
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'certificate/edx.certificate.created': [
    ['/event/certificate_url', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/enrollment_mode', [true], 'type']
  ],
  'certificate/edx.certificate.evidence_visited': [
    ['/event/certificate_url', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/enrollment_mode', [true], 'type']
  ],
  'certificate/edx.certificate.generation.disabled': [
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'certificate/edx.certificate.generation.enabled': [
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'certificate/edx.certificate.revoked': [
    ['/event/certificate_url', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/enrollment_mode', [true], 'type']
  ],
  'certificate/edx.certificate.shared': [
    ['/event/certificate_url', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/enrollment_mode', [true], 'type']
  ],
  'cohort/edx.cohort.created': [
    ['/event/cohort_id', undefined, 'required'],
    ['/event/cohort_id', [true], 'type'],
    ['/event/name', [true], 'type']
  ],
  'cohort/edx.cohort.user_added': [
    ['/event/cohort_id', undefined, 'required'],
    ['/event/cohort_id', [true], 'type'],
    ['/event/name', [true], 'type']
  ],
  'cohort/edx.cohort.user_removed': [
    ['/event/cohort_id', undefined, 'required'],
    ['/event/cohort_id', [true], 'type'],
    ['/event/name', [true], 'type']
  ],
  'completion/edx.completion.block_completion.changed': [
    ['/event/user_id', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/block_id', undefined, 'required']
  ],
  'completion/edx.done.toggled': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/page', [true], 'type'],
    ['/context', [true], 'type']
  ],
  'completion/edx.done.toggled.browser': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/page', [true], 'type'],
    ['/context', [true], 'type']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.feedback.closed': [
    ['/event/content', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.feedback.opened': [
    ['/event/content', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.item.dropped': [
    ['/event/item_id', [true], 'type'],
    ['/event/location_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.item.picked_up': [
    ['/event/item_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'drag-and-drop/edx.drag_and_drop_v2.loaded': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'enrollment/edx.course.enrollment.activated': [
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'enrollment/edx.course.enrollment.deactivated': [
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'enrollment/edx.course.enrollment.mode_changed': [
    ['/event/course_id', [true], 'type'],
    ['/event/mode', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'enrollment/edx.course.enrollment.upgrade.succeeded': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', undefined, 'required'],
    ['/context', [true], 'type']
  ],
  'enrollment/edx.course.enrollment.upgrade_clicked': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', undefined, 'required'],
    ['/context', [true], 'type']
  ],
  'forum/edx.forum.comment': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/discussion', [true], 'type']
  ],
  'forum/edx.forum.response': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/discussion', [true], 'type']
  ],
  'forum/edx.forum.searched': [
    ['/event/query', [true], 'type'],
    ['/event/total_results', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'forum/edx.forum.thread': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/title', [true], 'type']
  ],
  'grade/edx.course.grade.passed': [
    ['/event/user_id', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'grade/edx.grades.course.grade_calculated': [
    ['/event/user_id', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/percent_grade', [true], 'type']
  ],
  'grade/edx.grades.problem.rescored': [
    ['/event/user_id', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/problem_id', undefined, 'required']
  ],
  'grade/edx.grades.problem.submitted': [
    ['/event/user_id', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/problem_id', undefined, 'required']
  ],
  'grade/edx.grades.subsection.grade_calculated': [
    ['/event/user_id', [true], 'type'],
    ['/event/course_id', [true], 'type'],
    ['/event/block_id', undefined, 'required']
  ],
  'library-content/edx.librarycontentblock.content.assigned': [
    ['/event/location', [true], 'type'],
    ['/event/max_count', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'library-content/edx.librarycontentblock.content.removed': [
    ['/event/location', [true], 'type'],
    ['/event/max_count', [true], 'type'],
    ['/event/reason', [true], 'type']
  ],
  'navigation/edx.course.home.resume_course.clicked': [
    ['/event/url', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', undefined, 'required']
  ],
  'navigation/edx.ui.lms.link_clicked': [
    ['/event/target_url', undefined, 'required'],
    ['/event/target_url', [true], 'type'],
    ['/event/current_url', [true], 'type']
  ],
  'navigation/edx.ui.lms.outline.selected': [
    ['/event/target_url', undefined, 'required'],
    ['/event/target_url', [true], 'type'],
    ['/event/target_name', [true], 'type']
  ],
  'navigation/edx.ui.lms.sequence': [
    ['/event/id', undefined, 'required'],
    ['/event/current_tab', [true], 'type'],
    ['/event/target_tab', [true], 'type']
  ],
  'navigation/page_close': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/page', [true], 'type'],
    ['/context', [true], 'type']
  ],
  'navigation/seq_goto': [
    ['/event/id', undefined, 'required'],
    ['/event/new', [true], 'type'],
    ['/event/old', [true], 'type']
  ],
  'navigation/seq_next': [
    ['/event/id', undefined, 'required'],
    ['/event/new', [true], 'type'],
    ['/event/old', [true], 'type']
  ],
  'navigation/seq_prev': [
    ['/event/id', undefined, 'required'],
    ['/event/new', [true], 'type'],
    ['/event/old', [true], 'type']
  ],
  'open-response-assessment/openassessment.student_training_assess_example': [
    ['/event/submission_uuid', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'open-response-assessment/openassessment.upload_file': [
    ['/event/fileName', undefined, 'required'],
    ['/event/fileName', [true], 'type'],
    ['/event/fileType', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.create_submission': [
    ['/event/answer', [true], 'type'],
    ['/event/attempt_number', [true], 'type'],
    ['/event/submission_uuid', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.get_peer_submission': [
    ['/event/course_id', [true], 'type'],
    ['/event/item_id', [true], 'type'],
    ['/event/submission_returned_uuid', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.get_submission_for_staff_grading': [
    ['/event/item_id', [true], 'type'],
    ['/event/submission_returned_uuid', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'open-response-assessment/openassessmentblock.peer_assess': [
    ['/event/feedback', [true], 'type'],
    ['/event/score_type', [true], 'type'],
    ['/event/submission_uuid', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.save_submission': [
    ['/event/saved_response', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.self_assess': [
    ['/event/feedback', [true], 'type'],
    ['/event/score_type', [true], 'type'],
    ['/event/submission_uuid', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.staff_assess': [
    ['/event/feedback', [true], 'type'],
    ['/event/score_type', [true], 'type'],
    ['/event/submission_uuid', [true], 'type']
  ],
  'open-response-assessment/openassessmentblock.submit_feedback_on_assessments': [
    ['/event/feedback_text', [true], 'type'],
    ['/event/submission_uuid', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'peer-instruction/ubc.peer_instruction.accessed': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'peer-instruction/ubc.peer_instruction.original_submitted': [
    ['/event/rationale', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'peer-instruction/ubc.peer_instruction.revised_submitted': [
    ['/event/rationale', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'poll/xblock.poll.submitted': [
    ['/event/url_name', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'poll/xblock.poll.view_results': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'problem/edx.problem.hint.demandhint_displayed': [
    ['/event/hint_index', [true], 'type'],
    ['/event/hint_len', [true], 'type'],
    ['/event/hint_text', [true], 'type']
  ],
  'problem/edx.problem.hint.feedback_displayed': [
    ['/event/module_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'problem/problem_check': [
    ['/event/attempts', [true], 'type'],
    ['/event/grade', [true], 'type'],
    ['/event/max_grade', [true], 'type']
  ],
  'problem/problem_check.browser': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'problem/problem_check_fail': [
    ['/event/failure', [true], 'type'],
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'problem/problem_graded': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'problem/problem_rescore': [
    ['/event/attempts', [true], 'type'],
    ['/event/new_score', [true], 'type'],
    ['/event/new_total', [true], 'type']
  ],
  'problem/problem_rescore_fail': [
    ['/event/failure', [true], 'type'],
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'problem/problem_reset': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'problem/problem_save': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'problem/problem_show': [
    ['/event/problem', undefined, 'required'],
    ['/event/problem', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'problem/reset_problem': [
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'problem/reset_problem_fail': [
    ['/event/failure', [true], 'type'],
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'problem/save_problem_fail': [
    ['/event/failure', [true], 'type'],
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'problem/save_problem_success': [
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'problem/showanswer': [
    ['/event/problem_id', undefined, 'required'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'server/server': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/event', 7, 'type'],
    ['/username', true, 'type']
  ],
  'student-notes/edx.course.student_notes.added': [
    ['/event/component_usage_id', [true], 'type'],
    ['/event/note_id', undefined, 'required'],
    ['/event/note_id', [true], 'type']
  ],
  'student-notes/edx.course.student_notes.deleted': [
    ['/event/component_usage_id', [true], 'type'],
    ['/event/note_id', undefined, 'required'],
    ['/event/note_id', [true], 'type']
  ],
  'student-notes/edx.course.student_notes.edited': [
    ['/event/component_usage_id', [true], 'type'],
    ['/event/note_id', undefined, 'required'],
    ['/event/note_id', [true], 'type']
  ],
  'student-notes/edx.course.student_notes.notes_page_viewed': [
    ['/event/view', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'student-notes/edx.course.student_notes.searched': [
    ['/event/number_of_results', [true], 'type'],
    ['/event/search_string', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'student-notes/edx.course.student_notes.used_unit_link': [
    ['/event/component_usage_id', undefined, 'required'],
    ['/event/view', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'student-notes/edx.course.student_notes.viewed': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'student-notes/edx.course.tool.accessed': [
    ['/event/tool_name', undefined, 'required'],
    ['/event/tool_name', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'survey/xblock.survey.submitted': [
    ['/event/url_name', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type']
  ],
  'survey/xblock.survey.view_results': [
    ['/time', 'yesterday', 'format/timestamp'],
    ['/context', [true], 'type'],
    ['/context/course_id', [true], 'type']
  ],
  'team/edx.team.activity_updated': [
    ['/event/team_id', undefined, 'required'],
    ['/event/team_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'team/edx.team.changed': [
    ['/event/team_id', undefined, 'required'],
    ['/event/team_id', [true], 'type'],
    ['/event/field', [true], 'type']
  ],
  'team/edx.team.created': [
    ['/event/team_id', undefined, 'required'],
    ['/event/team_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'team/edx.team.deleted': [
    ['/event/team_id', undefined, 'required'],
    ['/event/team_id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'team/edx.team.learner_added': [
    ['/event/team_id', undefined, 'required'],
    ['/event/team_id', [true], 'type'],
    ['/event/add_method', [true], 'type']
  ],
  'team/edx.team.learner_removed': [
    ['/event/team_id', undefined, 'required'],
    ['/event/team_id', [true], 'type'],
    ['/event/remove_method', [true], 'type']
  ],
  'team/edx.team.page_viewed': [
    ['/event/team_id', [true], 'type'],
    ['/event/page_name', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'team/edx.team.searched': [
    ['/event/number_of_results', [true], 'type'],
    ['/event/search_text', [true], 'type'],
    ['/event/topic_id', [true], 'type']
  ],
  'textbook/book': [
    ['/event/chapter', [true], 'type'],
    ['/event/new', [true], 'type'],
    ['/event/old', [true], 'type']
  ],
  'textbook/textbook.pdf.chapter.navigated': [
    ['/event/chapter', [true], 'type'],
    ['/event/chapter_title', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'textbook/textbook.pdf.display.scaled': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'textbook/textbook.pdf.outline.toggled': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'textbook/textbook.pdf.page.navigated': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'textbook/textbook.pdf.page.scrolled': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/direction', [true], 'type']
  ],
  'textbook/textbook.pdf.search.executed': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/query', [true], 'type']
  ],
  'textbook/textbook.pdf.search.highlight.toggled': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/query', [true], 'type']
  ],
  'textbook/textbook.pdf.search.navigatednext': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/query', [true], 'type']
  ],
  'textbook/textbook.pdf.searchcasesensitivity.toggled': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/query', [true], 'type']
  ],
  'textbook/textbook.pdf.thumbnail.navigated': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/thumbnail_title', [true], 'type']
  ],
  'textbook/textbook.pdf.thumbnails.toggled': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'textbook/textbook.pdf.zoom.buttons.changed': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/event/direction', [true], 'type']
  ],
  'textbook/textbook.pdf.zoom.menu.changed': [
    ['/event/page', [true], 'type'],
    ['/event/chapter', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'video/complete_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/duration', [true], 'type']
  ],
  'video/hide_transcript': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/current_time', [true], 'type']
  ],
  'video/load_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'video/pause_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/currentTime', [true], 'type']
  ],
  'video/play_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/currentTime', [true], 'type']
  ],
  'video/seek_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/new_time', [true], 'type']
  ],
  'video/show_transcript': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/current_time', [true], 'type']
  ],
  'video/speed_change_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/currentTime', [true], 'type']
  ],
  'video/stop_video': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/event/currentTime', [true], 'type']
  ],
  'video/video_hide_cc_menu': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'video/video_show_cc_menu': [
    ['/event/id', undefined, 'required'],
    ['/event/id', [true], 'type'],
    ['/time', 'yesterday', 'format/timestamp']
  ],
  'exam/edx.special_exam': [
    ['/event/exam_content_id', undefined, 'required'],
    ['/event/exam_content_id', [true], 'type']
  ],
  'exam/edx.special_exam.allowance': [
    ['/event/exam_content_id', undefined, 'required'],
    ['/event/allowance_user_id', [true], 'type']
  ],
  'exam/edx.special_exam.attempt': [
    ['/event/exam_content_id', undefined, 'required'],
    ['/event/attempt_event_elapsed_time_secs', -1, 'minimum'],
    ['/event/attempt_user_id', [true], 'type']
  ],
  'experiment/xblock.split_test.child_render': [['/event/child_id', true, 'type']],
  'experiment/xmodule.partitions.assigned_user_to_partition': [
    ['/event/partition_id', undefined, 'required'],
    ['/event/group_id', undefined, 'required']
  ],
  'grade/edx.grades.problem.state_deleted': [
    ['/event/problem_id', undefined, 'required'],
    ['/event/instructor_id', true, 'type']
  ],
  'instructor/dashboard': [['/event/student', true, 'type']],
  'instructor/edx.instructor.report.downloaded': [['/event/report_url', undefined, 'required']],
  'instructor/edx.instructor.report.requested': [['/event/report_type', undefined, 'required']],
  'instructor/problem': [
    ['/event/problem', undefined, 'required'],
    ['/event/problem', '', 'minLength']
  ],
  'instructor/team': [['/event/user', true, 'type']],
  'navigation/edx.ui.lms.jump_nav.selected': [
    ['/event/id', undefined, 'required'],
    ['/event/target_name', true, 'type']
  ],
  'platform/edx.course.index.reindexed': [['/event/category', undefined, 'required']],
  'platform/edx.course_discovery.search': [['/event/search_term', true, 'type']],
  'platform/edx.user.settings.changed': [['/event/user_id', [true], 'type']],
  'video/edx.video.bumper': [
    ['/event/bumper_id', [true], 'type'],
    ['/event/currentTime', 'soon', 'type']
  ]
}
