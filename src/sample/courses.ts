import type { Activity, ActivityDefinition, LanguageMap } from '../xapi/statement.ts'

/** A learning platform's own names; `example.org` belongs to nobody (RFC 2606). */
const root = 'https://lms.example.org/courses'
const activityType = (name: string): string => `http://adlnet.gov/expapi/activities/${name}`

export interface Video {
  readonly activity: Activity
  /** What a player repeats of the definition with every statement. */
  readonly summary: ActivityDefinition
  /** Seconds. */
  readonly length: number
}

export interface QuizQuestion {
  readonly activity: Activity
  /** As `result.response` gives it (Data, appendix C). */
  readonly right: string
  readonly wrong: readonly [string, ...string[]]
}

export interface Quiz {
  readonly activity: Activity
  readonly questions: readonly [QuizQuestion, ...QuizQuestion[]]
}

export interface Module {
  readonly activity: Activity
  readonly videos: readonly [Video, ...Video[]]
  readonly quiz: Quiz
  readonly handout: Activity
  readonly essay: Activity
}

export interface Course {
  readonly activity: Activity
  readonly language: string
  readonly revision: string
  readonly meeting: Activity
  readonly modules: readonly [Module, ...Module[]]
}

interface Outline {
  readonly slug: string
  readonly language: string
  readonly name: LanguageMap
  readonly modules: readonly [string, ...string[]]
}

const outlines: readonly [Outline, ...Outline[]] = [
  {
    slug: 'statistics-101',
    language: 'en-US',
    name: { 'en-US': 'Statistics for everyone', 'fr-FR': 'Les statistiques pour tous' },
    modules: ['Looking at data', 'Chance', 'Samples and estimates', 'Testing an idea']
  },
  {
    slug: 'botanique',
    language: 'fr-FR',
    name: { 'fr-FR': 'Botanique : reconnaître les plantes', 'en-US': 'Botany: how to recognise plants' },
    modules: ['Feuilles et tiges', 'Fleurs', 'Fruits et graines', 'Une forêt, d’été en hiver']
  },
  {
    slug: 'brandschutz',
    language: 'de-DE',
    name: { 'de-DE': 'Brandschutz im Betrieb', 'en-US': 'Fire safety at work' },
    modules: ['Gefahren erkennen', 'Löschmittel', 'Fluchtwege und Übungen']
  },
  {
    slug: 'primeros-auxilios',
    language: 'es-ES',
    name: { 'es-ES': 'Primeros auxilios', 'en-US': 'First aid', 'pt-BR': 'Primeiros socorros' },
    modules: ['La cadena de supervivencia', 'Heridas y quemaduras', '¿Y ahora qué?']
  },
  {
    slug: 'nihongo-1',
    language: 'ja-JP',
    name: { 'ja-JP': '日本語入門', 'en-US': 'Japanese for beginners', 'fr-FR': 'Japonais, débutants' },
    modules: ['ひらがな', 'カタカナ', '自己紹介']
  },
  {
    slug: 'programming-ar',
    language: 'ar',
    name: { ar: 'مقدمة في البرمجة', 'en-US': 'Introduction to programming' },
    modules: ['المتغيرات', 'الشروط', 'التكرار']
  }
]

const moduleActivity = (id: string, language: string, name: string): Activity => ({
  objectType: 'Activity',
  id,
  definition: { type: activityType('module'), name: { [language]: name } }
})

const createVideo = (id: string, language: string, name: string, number: number): Video => {
  const summary = {
    type: 'https://w3id.org/xapi/video/activity-type/video',
    name: { [language]: `${name} (${number})` }
  }
  const description = { 'en-US': `Part ${number} of the lecture, with subtitles.` }
  return {
    activity: { objectType: 'Activity', id, definition: { ...summary, description } },
    summary,
    // Between two and a half and twelve minutes, from the name, so that a catalogue is always the same.
    length: 150 + ((id.length * 37 + number * 131) % 570)
  }
}

const questionDefinitions: readonly [
  ActivityDefinition & { readonly right: string; readonly wrong: readonly [string, ...string[]] },
  ...(ActivityDefinition & { readonly right: string; readonly wrong: readonly [string, ...string[]] })[]
] = [
  {
    interactionType: 'choice',
    description: { 'en-US': 'Which of these hold?', 'fr-FR': 'Lesquelles sont vraies ?' },
    correctResponsesPattern: ['golf[,]tetris'],
    choices: [
      { id: 'golf', description: { 'en-US': 'The first and the last', 'fr-FR': 'La première et la dernière' } },
      { id: 'facebook', description: { 'en-US': 'None of them', 'fr-FR': 'Aucune' } },
      { id: 'tetris', description: { 'en-US': 'The one in the middle', 'fr-FR': 'Celle du milieu' } }
    ],
    right: 'golf[,]tetris',
    wrong: ['facebook', 'golf', 'facebook[,]tetris']
  },
  {
    interactionType: 'true-false',
    description: { 'en-US': 'The rule has no exception.', 'de-DE': 'Die Regel gilt ohne Ausnahme.' },
    correctResponsesPattern: ['false'],
    right: 'false',
    wrong: ['true']
  },
  {
    interactionType: 'fill-in',
    description: { 'en-US': 'The opposite is called …', 'ja-JP': '反対の言葉は…' },
    correctResponsesPattern: ['{case_matters=false}{lang=en}counterexample'],
    right: 'Counterexample',
    wrong: ['example', 'I don’t know 🤷', 'exception']
  },
  {
    interactionType: 'likert',
    description: { 'en-US': 'How sure are you of your answers?' },
    correctResponsesPattern: ['likert_0', 'likert_1', 'likert_2', 'likert_3'],
    scale: [
      { id: 'likert_0', description: { 'en-US': 'Not at all' } },
      { id: 'likert_1', description: { 'en-US': 'A little' } },
      { id: 'likert_2', description: { 'en-US': 'Quite' } },
      { id: 'likert_3', description: { 'en-US': 'Entirely' } }
    ],
    right: 'likert_3',
    wrong: ['likert_0', 'likert_1', 'likert_2']
  },
  {
    interactionType: 'matching',
    description: { 'en-US': 'Match each term with its picture.' },
    correctResponsesPattern: ['leaf[.]2[,]stem[.]1'],
    source: [
      { id: 'leaf', description: { 'en-US': 'Leaf' } },
      { id: 'stem', description: { 'en-US': 'Stem' } }
    ],
    target: [
      { id: '1', description: { 'en-US': 'Picture 1' } },
      { id: '2', description: { 'en-US': 'Picture 2' } }
    ],
    right: 'leaf[.]2[,]stem[.]1',
    wrong: ['leaf[.]1[,]stem[.]2']
  },
  {
    interactionType: 'sequencing',
    description: { 'en-US': 'Put the steps in order.', 'es-ES': 'Ordene los pasos.' },
    correctResponsesPattern: ['look[,]call[,]help'],
    choices: [
      { id: 'call', description: { 'en-US': 'Call' } },
      { id: 'help', description: { 'en-US': 'Help' } },
      { id: 'look', description: { 'en-US': 'Look' } }
    ],
    right: 'look[,]call[,]help',
    wrong: ['help[,]call[,]look', 'call[,]look[,]help']
  },
  {
    interactionType: 'numeric',
    description: { 'en-US': 'How many are left?' },
    correctResponsesPattern: ['4[:]5'],
    right: '4.5',
    wrong: ['3', '7.25', '-1']
  },
  {
    interactionType: 'performance',
    description: { 'en-US': 'Show how it is done.' },
    correctResponsesPattern: ['pull[.][:]3[,]aim[.]base'],
    steps: [
      { id: 'pull', description: { 'en-US': 'Seconds until the pin is pulled' } },
      { id: 'aim', description: { 'en-US': 'Where it is aimed' } }
    ],
    right: 'pull[.]2[,]aim[.]base',
    wrong: ['pull[.]8[,]aim[.]flames']
  },
  {
    interactionType: 'long-fill-in',
    description: { 'en-US': 'What would you do first, and why?' },
    right: 'First I would look whether it is safe for me, since nobody is helped by a second casualty.',
    wrong: ['Run.', 'هذا يعتمد على الموقف', 'Je ne sais pas encore, il faudrait revoir la vidéo.']
  }
]

const createQuiz = (id: string, language: string, name: string, number: number): Quiz => {
  const question = (position: number): QuizQuestion => {
    const { right, wrong, ...definition } =
      questionDefinitions[(number * 5 + position) % questionDefinitions.length] ?? questionDefinitions[0]
    return {
      activity: {
        objectType: 'Activity',
        id: `${id}/questions/${position}`,
        definition: {
          type: activityType('cmi.interaction'),
          name: { [language]: `${name} ${position}` },
          ...definition
        }
      },
      right,
      wrong
    }
  }
  return {
    activity: {
      objectType: 'Activity',
      id,
      definition: {
        type: activityType('assessment'),
        name: { [language]: name },
        moreInfo: `${id}/about`,
        extensions: { 'https://lms.example.org/extensions/attempts-allowed': 3 }
      }
    },
    questions: [question(1), question(2), question(3), question(4), question(5)]
  }
}

const createModule = (course: string, language: string, name: string, number: number): Module => {
  const id = `${course}/modules/${number}`
  return {
    activity: moduleActivity(id, language, name),
    videos: [
      createVideo(`${id}/videos/1`, language, name, 1),
      createVideo(`${id}/videos/2`, language, name, 2),
      createVideo(`${id}/videos/3`, language, name, 3)
    ],
    quiz: createQuiz(`${id}/quiz`, language, `${name} – quiz`, number),
    handout: {
      objectType: 'Activity',
      id: `${id}/handout.pdf`,
      definition: { type: 'http://activitystrea.ms/schema/1.0/file', name: { [language]: `${name} (PDF)` } }
    },
    essay: {
      objectType: 'Activity',
      id: `${id}/essay`,
      definition: { type: 'http://id.tincanapi.com/activitytype/essay', name: { [language]: `${name}: essay` } }
    }
  }
}

const createCourse = ({ slug, language, name, modules }: Outline, index: number): Course => {
  const id = `${root}/${slug}`
  const [first, ...others] = modules
  return {
    activity: { objectType: 'Activity', id, definition: { type: activityType('course'), name } },
    language,
    revision: `2023.${index + 1}`,
    meeting: {
      objectType: 'Activity',
      id: `${id}/classroom`,
      definition: {
        type: activityType('meeting'),
        name: { 'en-US': 'Virtual classroom', [language]: name[language] ?? slug }
      }
    },
    modules: [
      createModule(id, language, first, 1),
      ...others.map((title, position) => createModule(id, language, title, position + 2))
    ]
  }
}

/** What is taught; always the same. */
export const createCourses = (): readonly [Course, ...Course[]] => {
  const [first, ...others] = outlines
  return [createCourse(first, 0), ...others.map((outline, index) => createCourse(outline, index + 1))]
}
