import type { Agent, Group, Statement } from '../xapi/statement.ts'
import { formatMicros, type Micros } from '../xapi/timestamp.ts'
import type { Version } from '../xapi/version.ts'
import { type Course, createCourses } from './courses.ts'
import { enrol, meet, read, writeEssay } from './coursework.ts'
import { createInstructor, createLearner, type Learner } from './people.ts'
import { takeQuiz } from './quiz.ts'
import { createRandom, type Random } from './random.ts'
import { voided } from './verbs.ts'
import { watchVideo } from './video.ts'
import type { Deeds, Earlier, Visit } from './visit.ts'

export interface SampleOptions {
  readonly count: number
  /** The same seed gives the same statements; a larger count goes on where a smaller one ends. Default 1. */
  readonly seed?: number
  /** 2.0.0 adds what 1.0.3 does not know: contextAgents and contextGroups. Default 1.0.3. */
  readonly version?: Version
  /** When it all begins; default 2023-01-09T08:00:00Z. */
  readonly start?: Micros
}

const defaultStart: Micros = Date.UTC(2023, 0, 9, 8) * 1000
const learners = 20_000
const instructors = 8
const teams = 12
/** How many learners are at it at the same time. */
const places = 24

/** A learner who is at it now: what comes next, and when. */
interface Place {
  readonly learner: Learner
  readonly deeds: Deeds
  now: Micros
  next: ReturnType<Deeds['next']>
}

const createTeam = (random: Random, index: number): Group => {
  const member: Agent[] = Array.from({ length: 2 + random.below(4) }, (_, position) => ({
    objectType: 'Agent',
    mbox: `mailto:learner.${index * 10 + position}@students.example.org`
  }))
  // Every other team is known to the platform; the rest are only their members.
  return index % 2 === 0
    ? {
        objectType: 'Group',
        name: `Team ${index}`,
        account: { homePage: 'https://lms.example.org/teams', name: `team-${index}` },
        member
      }
    : { objectType: 'Group', name: `Équipe ${index}`, member }
}

const deedsOf = (visit: Visit): Deeds => {
  const lot = visit.random.below(100)
  if (lot < 62) return watchVideo(visit)
  if (lot < 84) return takeQuiz(visit)
  if (lot < 90) return read(visit)
  if (lot < 94) return enrol(visit)
  if (lot < 97) return writeEssay(visit)
  return meet(visit)
}

/** An instant as the learner's client writes it. */
const timestampOf = (instant: Micros, clock: Learner['clock']): string => {
  if (clock === 'server') return `${formatMicros(instant).slice(0, -1)}+00:00`
  if (clock === 'web') return new Date(Math.floor(instant / 1000)).toISOString()
  return `${new Date(Math.floor(instant / 1000) + 2 * 3_600_000).toISOString().slice(0, -1)}+02:00`
}

/** Everybody and everything there is, and how a visit begins. */
const createCampus = (random: Random, version: Version) => {
  const courses: readonly [Course, ...Course[]] = createCourses()
  const staff = Array.from({ length: instructors }, (_, index) => createInstructor(random, index))
  const groups = Array.from({ length: teams }, (_, index) => createTeam(random, index))
  const known = new Map<number, Learner>()
  const registrations = new Map<string, string>()
  const recent: Earlier[] = []

  const once = <Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value => {
    const present = map.get(key)
    if (present !== undefined) return present
    const made = make()
    map.set(key, made)
    return made
  }

  return {
    visit: (): Visit => {
      // The square makes some learners busier than others.
      const number = Math.floor(random.fraction() ** 2 * learners)
      const learner = once(known, number, () => createLearner(random, number))
      const course = random.pick(courses)
      const instructor = staff[number % instructors] ?? createInstructor(random, 0)
      const team = groups[learner.team] ?? createTeam(random, 0)
      return {
        random,
        version,
        learner,
        instructor,
        team,
        course,
        module: random.pick(course.modules),
        registration: once(registrations, `${number} ${course.activity.id}`, random.uuid),
        earlier: () => recent[random.below(recent.length)]
      }
    },
    /** Keeps the last few hundred ids in mind. */
    remember: (earlier: Earlier, position: number): void => {
      recent[position % 256] = earlier
    }
  }
}

/**
 * Statements such as an LMS sends in some weeks: videos, quizzes, reading, essays, meetings, in order of their
 * timestamps, each valid and with an id of its own. The same options give the same statements.
 */
export function* sampleStatements(options: SampleOptions): Generator<Statement, void, undefined> {
  const { count, seed = 1, version = '1.0.3', start = defaultStart } = options
  const random = createRandom(seed)
  const campus = createCampus(random, version)

  const sitDown = (now: Micros): Place => {
    const visit = campus.visit()
    const deeds = deedsOf(visit)
    const next = deeds.next()
    return { learner: visit.learner, deeds, now: now + momentsUntil(next), next }
  }
  const momentsUntil = (next: Place['next']): Micros =>
    next.done ? 0 : Math.round(next.value.after * 1_000_000) + random.below(1000)

  const taken = Array.from({ length: places }, () => sitDown(start + random.below(600_000_000)))
  for (let told = 0; told < count; ) {
    let earliest = 0
    for (let index = 1; index < taken.length; index++) {
      if ((taken[index]?.now ?? 0) < (taken[earliest]?.now ?? 0)) earliest = index
    }
    const place = taken[earliest] ?? sitDown(start)
    if (place.next.done) {
      taken[earliest] = sitDown(place.now + random.below(1_200_000_000))
      continue
    }
    const { after: _, actor = place.learner.agent, ...deed } = place.next.value
    const id = random.uuid()
    yield { id, actor, ...deed, timestamp: timestampOf(place.now, place.learner.clock) }
    campus.remember({ id, voidable: deed.verb !== voided }, told)
    told++
    place.next = place.deeds.next()
    place.now += momentsUntil(place.next)
  }
}
