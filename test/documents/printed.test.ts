import t from 'tap'
import { printed, printedPages, readPage } from './pages.ts'

t.test('what documents have from the code is what the code says now: `npm run docs` writes it', async (t) => {
  let parts = 0
  for (const page of printedPages) {
    const text = readPage(page)
    parts += text.split('<!-- begin: ').length - 1
    t.equal(text, await printed(text), page)
  }
  t.ok(parts >= 4, 'settings, errors, backends, conversions, rooms')
})
