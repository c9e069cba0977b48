import { silenceParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { boolean, choice, size, text, url } from '../../settings/kinds.ts'

export const swiftParameters = {
  authUrl: parameter('AUTH_URL', {
    kind: url,
    default: 'https://auth.cloud.ovh.net',
    defaultText: 'https://auth.cloud.ovh.net/',
    description: 'URL of Keystone, with or without its version; for identity version 1 the whole URL.'
  }),
  identityApiVersion: parameter('IDENTITY_API_VERSION', {
    kind: choice(['3', '2', '2.0', '1', '1.0']),
    default: '3',
    description: 'Version of the identity service: 3, 2 (2.0), or 1 for a Swift without Keystone.'
  }),
  username: parameter('USERNAME', { kind: text, default: undefined, description: 'Name of the user.' }),
  password: parameter('PASSWORD', {
    kind: text,
    default: undefined,
    description: 'Password of the user.',
    secret: true
  }),
  userDomainName: parameter('USER_DOMAIN_NAME', {
    kind: text,
    default: 'Default',
    description: 'Domain of the user.'
  }),
  projectDomainName: parameter('PROJECT_DOMAIN_NAME', {
    kind: text,
    default: 'Default',
    description: 'Domain of the project.'
  }),
  tenantName: parameter('TENANT_NAME', {
    kind: text,
    default: undefined,
    description: 'Name of the project (tenant) of the container.'
  }),
  tenantId: parameter('TENANT_ID', {
    kind: text,
    default: undefined,
    description: 'Identifier of the project (tenant) of the container. It wins over the name.'
  }),
  regionName: parameter('REGION_NAME', {
    kind: text,
    default: undefined,
    defaultText: 'the first one in the catalog',
    description: 'Region of the container.'
  }),
  objectStorageUrl: parameter('OBJECT_STORAGE_URL', {
    kind: url,
    default: undefined,
    defaultText: 'the URL in the catalog',
    description: 'URL of the account, or of the container to use when the command names none.'
  }),
  container: parameter('DEFAULT_CONTAINER', {
    kind: text,
    default: undefined,
    description: 'Container to use when the command names none.'
  }),
  insecure: parameter('INSECURE', {
    kind: boolean,
    default: false,
    description: 'Whether any certificate of the servers is accepted without a check.'
  }),
  timeout: silenceParameter('the storage', 120_000),
  segmentSize: parameter('SEGMENT_SIZE', {
    kind: size(1, 5 * 2 ** 30),
    default: 2 ** 32,
    defaultText: '4GiB',
    description: 'Larger objects are kept in segments of this size, in a container named <container>_segments.'
  })
}
