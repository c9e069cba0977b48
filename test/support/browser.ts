import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const installed = process.env.RALPH_TEST_CHROMIUM ?? candidates.find((path) => existsSync(path))

/** Why a test in a browser is skipped; false: it is not. Where everything has to be there its absence is a failure. */
export const missingBrowser: string | false =
  installed !== undefined || process.env.CI === 'true'
    ? false
    : 'Chromium is not installed (apt-get install chromium, or its path in RALPH_TEST_CHROMIUM)'

/** A Chromium for the length of a test. */
export const startBrowser = async (t: Test): Promise<Browser> => {
  if (installed === undefined) throw new Error('Chromium is not installed')
  // Its sandbox needs rights that containers lack; it sees nothing but pages of our own.
  const browser = await chromium.launch({ executablePath: installed, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  return browser
}
