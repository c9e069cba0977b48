import { writeFileSync } from 'node:fs'
import { printed, printedPages, readPage } from './pages.ts'

// `npm run docs`: writes anew what the documents have from the code. A test holds them to it.
for (const page of printedPages) {
  const text = readPage(page)
  const now = await printed(text)
  if (now !== text) writeFileSync(page, now)
}
