import { conversions } from '../../src/edx/convert/conversions.ts'
import { createRandom, type Random } from '../../src/sample/random.ts'
import { payloadOf, phrase, usageKey } from './payloads.ts'

export interface EventKind {
  readonly source: string
  readonly type: string
}

/** Every event type that there is a conversion for, from every source. */
export const allKinds: readonly EventKind[] = conversions.flatMap(({ events, sources }) =>
  sources.flatMap((source) => events.map((type) => ({ source, type })))
)

/** Those that Ralph 5 converts. */
export const ralphKinds: readonly EventKind[] = [
  { source: 'server', type: '<context.path>' },
  { source: 'browser', type: 'page_close' },
  { source: 'server', type: 'edx.course.enrollment.activated' },
  { source: 'server', type: 'edx.course.enrollment.deactivated' },
  ...['load_video', 'play_video', 'pause_video', 'stop_video', 'seek_video'].map((type) => ({
    source: 'browser',
    type
  }))
]

const courses = ['course-v1:edX+DemoX+2021_T1', 'course-v1:Université+été+2021', 'MITx/6.00x/2012_Fall'] as const
const offsets = ['+00:00', 'Z', '+02:00', '-05:30'] as const

const timestamp = (random: Random): string => {
  const two = (bound: number): string => String(random.below(bound)).padStart(2, '0')
  const fraction = random.pick([
    '',
    '.1',
    '.120',
    '.000000',
    '.123456',
    `.${String(random.below(1e6)).padStart(6, '0')}`
  ])
  return `20${10 + random.below(15)}-0${1 + random.below(9)}-${10 + random.below(18)}T${two(24)}:${two(60)}:${two(60)}${fraction}${random.pick(offsets)}`
}

const paths = [
  '/courses/course-v1:edX+DemoX+2021_T1/progress/',
  '/dashboard',
  '/courses/Été/about',
  '/',
  '/search/'
] as const

export interface EventOptions {
  /** `event` of browsers as JSON text, as in real logs; else as an object. */
  readonly asText: boolean
}

/** An event such as a platform logs. */
export const edxEvent = (random: Random, { source, type }: EventKind, { asText }: EventOptions): object => {
  const course = random.pick(courses)
  const isRequest = type === '<context.path>'
  const path = isRequest ? random.pick(paths) : '/event'
  const payload = isRequest ? '{"POST": {}, "GET": {}}' : payloadOf(source, type)(random, course)
  const isBrowser = source !== 'server'
  const event = isBrowser && asText && typeof payload !== 'string' ? JSON.stringify(payload) : payload
  const userId = random.pick([random.below(100_000), 1 + random.below(99), null, ''])
  return {
    username: userId === null || userId === '' ? '' : `user-${userId}`,
    event_source: source,
    event_type: isRequest ? path : type,
    ...(isBrowser
      ? {
          name: type,
          session: random.chance(0.9) || !asText ? random.hex(16) : '',
          page: `https://lms.example.org/courses/${course}/courseware/${random.hex(2)}/`
        }
      : { page: null }),
    ip: '203.0.113.7',
    agent: random.pick(['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (iPad)', '']),
    host: 'lms.example.org',
    accept_language: 'fr,en;q=0.5',
    referer: 'https://lms.example.org/',
    time: timestamp(random),
    event,
    context: {
      course_id: course,
      org_id: 'edX',
      path,
      user_id: userId,
      ...(isBrowser || random.chance(0.5)
        ? undefined
        : { module: { display_name: phrase(random), usage_key: usageKey(random, course, 'problem') } })
    }
  }
}

/** As many events, one kind after the other; the same for the same seed. */
export function* edxEvents(
  seed: number,
  count: number,
  kinds: readonly EventKind[] = allKinds,
  options: EventOptions = { asText: true }
): Generator<object, void, undefined> {
  const random = createRandom(seed)
  for (let index = 0; index < count; index++) {
    const kind = kinds[index % kinds.length]
    if (kind !== undefined) yield edxEvent(random, kind, options)
  }
}
