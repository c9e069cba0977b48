import { addressIn, type Platform, pageOf } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { answerOf, numberOf, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

/** The chapter of a textbook, or the page where an event does not name one. */
const chapterOf = (event: EdxEvent, platform: Platform): Description => {
  const chapter = textOf(event.payload, 'chapter')
  return {
    id: chapter === undefined ? pageOf(event) : addressIn(platform, chapter),
    name: textOf(event.payload, 'chapter_title')
  }
}

const pageNumber = ({ payload }: EdxEvent) => numberOf(payload, 'new') ?? numberOf(payload, 'page')

const turned = (event: EdxEvent, platform: Platform): Description => ({
  ...chapterOf(event, platform),
  extensions: extended({
    [extensions.startingPoint]: numberOf(event.payload, 'old'),
    [extensions.endingPoint]: pageNumber(event),
    [extensions.target]: textOf(event.payload, 'thumbnail_title')
  })
})

/** How the page is shown: direction of scrolling, amount of zoom, … */
const shown = (event: EdxEvent, platform: Platform): Description => ({
  ...chapterOf(event, platform),
  extensions: extended({
    [extensions.endingPoint]: pageNumber(event),
    [extensions.type]: textOf(event.payload, 'direction') ?? answerOf(event.payload, 'amount')
  })
})

const sought = (event: EdxEvent, platform: Platform): Description => ({
  ...shown(event, platform),
  result: resulting({ response: textOf(event.payload, 'query') })
})

const document = {
  sources: ['browser'],
  object: 'document',
  what: 'the chapter of the textbook'
} as const satisfies Partial<Conversion>

const pdf = (...names: readonly string[]): readonly string[] => names.map((name) => `textbook.pdf.${name}`)

export const textbookConversions: readonly Conversion[] = [
  {
    ...document,
    events: [
      'book',
      ...pdf('page.loaded', 'page.navigatednext', 'page.navigated', 'chapter.navigated', 'thumbnail.navigated')
    ],
    seen: ['book'],
    verb: 'navigated',
    context: 'numbers of the pages left and reached',
    describe: turned
  },
  {
    ...document,
    events: pdf(
      'display.scaled',
      'outline.toggled',
      'page.scrolled',
      'thumbnails.toggled',
      'zoom.buttons.changed',
      'zoom.menu.changed'
    ),
    verb: 'interacted',
    context: 'number of the page; direction or amount',
    describe: shown
  },
  {
    ...document,
    events: pdf('search.executed', 'search.navigatednext'),
    verb: 'searched',
    result: 'response: what was searched',
    context: 'number of the page',
    describe: sought
  },
  {
    ...document,
    events: pdf('search.highlight.toggled', 'searchcasesensitivity.toggled'),
    verb: 'interacted',
    result: 'response: what was searched',
    context: 'number of the page',
    describe: sought
  }
]
