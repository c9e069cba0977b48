import type { Activity, Context, Extensions, Json, Result } from '../xapi/statement.ts'
import { completed, initialized, interacted, paused, played, seeked, terminated } from './verbs.ts'
import type { Deeds, Visit } from './visit.ts'

/** The xAPI Video Profile v1.0. */
const profile = 'https://w3id.org/xapi/video'
const extension = (name: string): string => `${profile}/extensions/${name}`
const length = extension('length')
const sessionId = extension('session-id')
const threshold = extension('completion-threshold')
const time = extension('time')
const progress = extension('progress')
const segments = extension('played-segments')
const category: readonly [Activity] = [{ id: profile }]

const milli = (seconds: number): number => Math.round(seconds * 1000) / 1000

/** `PT1M2.5S` */
export const durationOf = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60)
  const rest = milli(seconds - minutes * 60)
  return minutes === 0 ? `PT${rest}S` : `PT${minutes}M${rest}S`
}

/** An Activity that was described before needs only its id (Data §2.4.4.1). */
export const nameless = ({ id }: Activity): Activity => ({ objectType: 'Activity', id })

/** A learner opens a video, plays, pauses and jumps in it, watches it to the end or leaves. */
export function* watchVideo(visit: Visit): Deeds {
  const { random, course, module } = visit
  const video = random.pick(module.videos)
  const session = random.uuid()
  const needed = random.pick([0.8, 0.9, 0.941, 1])
  const object: Activity = { objectType: 'Activity', id: video.activity.id, definition: video.summary }

  const context = (extensions: Extensions): Context => ({
    registration: visit.registration,
    contextActivities: { category, parent: [nameless(course.activity)] },
    extensions: { [sessionId]: session, ...extensions }
  })
  const told = { [length]: video.length, [threshold]: needed }
  const screen: { readonly [key: string]: Json } = {
    [extension('cc-subtitle-enabled')]: random.chance(0.3),
    [extension('full-screen')]: random.chance(0.4),
    [extension('quality')]: random.pick(['360', '720', '1080']),
    [extension('speed')]: random.pick(['1x', '1x', '1.25x', '1.5x', '2x']),
    [extension('volume')]: random.between(0.2, 1),
    [extension('screen-size')]: random.pick(['1920x1080', '1440x900', '390x844']),
    [extension('user-agent')]: random.pick(['Firefox/128.0', 'Chrome/126.0.0.0', 'Safari/17.5'])
  }

  /** What was played, as the profile writes it: from[.]to[,]from[.]to */
  let watched = ''
  let seen = 0
  let from = random.chance(0.8) ? 0 : random.between(0, video.length / 2)
  const soFar = (): Result => ({
    extensions: { [time]: from, [progress]: milli(Math.min(seen / video.length, 1)), [segments]: watched }
  })

  yield {
    after: random.between(2, 30),
    verb: initialized,
    object: video.activity,
    context: {
      ...context({ ...told, ...screen }),
      contextActivities: { category, parent: [module.activity], grouping: [course.activity] },
      language: course.language
    }
  }
  const stretches = 1 + random.below(9)
  for (let stretch = 0; stretch < stretches; stretch++) {
    yield {
      after: random.between(0.4, 8),
      verb: played,
      object,
      result: { extensions: { [time]: from } },
      context: context({})
    }
    if (random.chance(0.2)) {
      yield {
        after: random.between(1, 5),
        verb: interacted,
        object,
        result: { extensions: { [time]: from } },
        context: context({ ...told, ...screen })
      }
    }
    const to = Math.min(milli(from + random.between(4, video.length / 3)), video.length)
    watched += `${watched === '' ? '' : '[,]'}${from}[.]${to}`
    const took = milli(to - from)
    seen += took
    from = to
    if (from >= video.length) break
    if (random.chance(0.3)) {
      const target = random.between(0, video.length - 1)
      yield {
        after: took,
        verb: seeked,
        object,
        result: {
          extensions: {
            [extension('time-from')]: from,
            [extension('time-to')]: target,
            [progress]: milli(Math.min(seen / video.length, 1)),
            [segments]: watched
          }
        },
        context: context(told)
      }
      from = target
    } else {
      yield { after: took, verb: paused, object, result: soFar(), context: context(told) }
    }
  }
  if (seen >= needed * video.length || from >= video.length) {
    yield {
      after: random.between(0.1, 2),
      verb: completed,
      object,
      result: { ...soFar(), completion: true, duration: durationOf(seen) },
      context: context(told)
    }
  }
  yield { after: random.between(0.5, 60), verb: terminated, object, result: soFar(), context: context(told) }
}
