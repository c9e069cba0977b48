import { silenceParameter } from '../../network/time-limit.ts'
import { baseUrl } from '../../settings/base-url.ts'
import { parameter } from '../../settings/define.ts'
import { headerText, text } from '../../settings/kinds.ts'
import { headerList } from './headers.ts'

/** Names and defaults are those of Ralph 5; its chunk sizes are declared for all backends at once. */
export const lrsParameters = {
  baseUrl: parameter('BASE_URL', {
    kind: baseUrl,
    default: { href: 'http://localhost:8100/', username: undefined, password: undefined },
    defaultText: 'http://localhost:8100',
    description: 'Where the LRS is; the URL may carry the user name and the password.',
    secret: true
  }),
  username: parameter('USERNAME', {
    kind: text,
    default: undefined,
    defaultText: 'ralph',
    description: 'User name for the LRS (Basic authentication).'
  }),
  password: parameter('PASSWORD', {
    kind: text,
    default: undefined,
    defaultText: 'secret',
    description: 'Password for the LRS.',
    secret: true
  }),
  headers: parameter('HEADERS', {
    kind: headerList,
    default: {},
    defaultText: 'X_EXPERIENCE_API_VERSION=1.0.3,CONTENT_TYPE=application/json',
    description: 'Headers of every request: key=value, separated by commas, or a JSON object.',
    secret: true
  }),
  versionHeader: parameter('HEADERS__X_EXPERIENCE_API_VERSION', {
    kind: headerText,
    default: undefined,
    description: 'One of the headers in HEADERS.'
  }),
  contentType: parameter('HEADERS__CONTENT_TYPE', {
    kind: headerText,
    default: undefined,
    description: 'One of the headers in HEADERS.'
  }),
  timeout: silenceParameter('the LRS'),
  statusEndpoint: parameter('STATUS_ENDPOINT', {
    kind: text,
    default: '/__heartbeat__',
    description: 'Path that tells whether the LRS is well; with a slash at its beginning it counts from the host.'
  }),
  statementsEndpoint: parameter('STATEMENTS_ENDPOINT', {
    kind: text,
    default: '/xAPI/statements',
    description: 'Path of the statements; with a slash at its beginning it counts from the host, else from BASE_URL.'
  })
}
