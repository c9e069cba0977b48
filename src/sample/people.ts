import type { Agent } from '../xapi/statement.ts'
import type { Random } from './random.ts'

const givenNames = [
  'Ada',
  'Amélie',
  'Ayşe',
  'Björn',
  'Chidi',
  'Chloé',
  'Dmitri',
  'Élodie',
  'Fatima',
  'Giulia',
  'Hana',
  'Iñaki',
  'Jonas',
  'José',
  'Kofi',
  'Léa',
  'Linh',
  'Lucía',
  'Maja',
  'Mei',
  'Miloš',
  'Nadia',
  'Noah',
  'Olga',
  'Paweł',
  'Priya',
  'Quentin',
  'Renée',
  'Sofia',
  'Tomás',
  'Uma',
  'Viktor',
  'Wanjiru',
  'Xavier',
  'Yuki',
  'Zoë'
] as const
const familyNames = [
  'Adeyemi',
  'Bianchi',
  'Çelik',
  'Dubois',
  'Eriksson',
  'Fernández',
  'García',
  'Haddad',
  'Ivanova',
  'Jansen',
  'Kowalski',
  'Lefèvre',
  'Müller',
  'Nguyễn',
  'O’Brien',
  'Petit',
  'Quispe',
  'Rossi',
  'Sato',
  'Traoré',
  'Ünal',
  'Varga',
  'Weiß',
  'Young',
  '王',
  '김',
  'Петрова',
  'عباس'
] as const

/** One who learns, and the software that tells of it. */
export interface Learner {
  readonly agent: Agent
  readonly team: number
  /** How the client writes a time: `Z` with milliseconds, `+00:00` with microseconds, or the offset of the place. */
  readonly clock: 'web' | 'server' | 'mobile'
}

const createAgent = (random: Random, index: number): Agent => {
  const name = `${random.pick(givenNames)} ${random.pick(familyNames)}`
  const kind = random.below(100)
  if (kind < 62) {
    return { objectType: 'Agent', account: { homePage: 'https://lms.example.org', name: random.uuid() } }
  }
  if (kind < 92) return { objectType: 'Agent', name, mbox: `mailto:learner.${index}@students.example.org` }
  if (kind < 96) return { objectType: 'Agent', name, mbox_sha1sum: random.hex(20) }
  if (kind < 98) return { name, openid: `https://id.example.net/people/${index}` }
  return { name, account: { homePage: 'https://sso.example.com/realms/campus', name: `student-${index}` } }
}

export const createLearner = (random: Random, index: number): Learner => ({
  agent: createAgent(random, index),
  team: random.below(12),
  clock: random.pick(['web', 'web', 'server', 'mobile'])
})

export const createInstructor = (random: Random, index: number): Agent => ({
  objectType: 'Agent',
  name: `${random.pick(givenNames)} ${random.pick(familyNames)}`,
  ...(index % 2 === 0
    ? { mbox: `mailto:instructor.${index}@faculty.example.org` }
    : { account: { homePage: 'https://lms.example.org', name: `instructor-${index}` } })
})
