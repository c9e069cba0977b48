import t from 'tap'
import { ralph } from '../support/ralph-process.ts'
import { aStatement } from '../support/statements.ts'
import { aSwallowingWire } from '../support/swallowing-wire.ts'

/** How each backend is told where its server is. */
const settings: { readonly [backend: string]: (url: string) => { readonly [parameter: string]: string } } = {
  lrs: (url) => ({ BASE_URL: url }),
  s3: (url) => ({
    ENDPOINT_URL: url,
    ACCESS_KEY_ID: 'someone',
    SECRET_ACCESS_KEY: 'something',
    DEFAULT_BUCKET_NAME: 'bucket'
  }),
  swift: (url) => ({ AUTH_URL: url, USERNAME: 'someone', PASSWORD: 'something', DEFAULT_CONTAINER: 'container' })
}

for (const [backend, settingsAt] of Object.entries(settings)) {
  t.test(`${backend}: a command whose server takes everything and answers nothing ends within TIMEOUT`, async (t) => {
    const wire = await aSwallowingWire(t, 'http://127.0.0.1:9')
    wire.swallow(true)
    const env = Object.fromEntries(
      Object.entries({ ...settingsAt(`http://127.0.0.1:${wire.port}`), TIMEOUT: '500' }).map(([key, value]) => [
        `RALPH_BACKENDS__DATA__${backend.toUpperCase()}__${key}`,
        value
      ])
    )
    const { code, stderr } = await ralph(t, ['write', '-b', backend], {
      env,
      input: `${JSON.stringify(aStatement())}\n`
    })
    t.not(code, 0)
    t.match(stderr, /does not answer/)
    if (backend === 'lrs') t.match(stderr, /raise TIMEOUT/)
  })
}
