import { silenceParameter } from '../../network/time-limit.ts'
import { baseUrl } from '../../settings/base-url.ts'
import { parameter } from '../../settings/define.ts'
import { headerText, text } from '../../settings/kinds.ts'
import { headerList } from './headers.ts'

/** Names and defaults are those of Python Ralph 5. The chunk sizes are declared for all backends together. */
export const lrsParameters = {
  baseUrl: parameter('BASE_URL', {
    kind: baseUrl,
    default: { href: 'http://localhost:8100/', username: undefined, password: undefined },
    defaultText: 'http://localhost:8100',
    description: 'URL of the LRS. It may contain the user name and the password.',
    secret: true,
    isAddress: true
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
    description: 'Path of the health check of the LRS. With a leading slash it is relative to the host.'
  }),
  statementsEndpoint: parameter('STATEMENTS_ENDPOINT', {
    kind: text,
    default: '/xAPI/statements',
    description: 'Path of the statements. With a leading slash it is relative to the host, otherwise to BASE_URL.'
  })
}
