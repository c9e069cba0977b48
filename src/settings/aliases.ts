/**
 * Aliases of settings, which work exactly as the canonical names, as variables and as flags: those of Python Ralph before version
 * 4 (groups DATABASE, STORAGE, STREAM, HTTP) with its parameter names of that time.
 */

const groups: { readonly [backend: string]: readonly string[] } = {
  FS: ['STORAGE', 'DATABASE'],
  S3: ['STORAGE'],
  SWIFT: ['STORAGE'],
  LDP: ['STORAGE'],
  WS: ['STREAM'],
  SQLITE: ['DATABASE'],
  ES: ['DATABASE'],
  MONGO: ['DATABASE'],
  CLICKHOUSE: ['DATABASE'],
  POSTGRES: ['DATABASE'],
  LRS: ['HTTP']
}

const parameters: { readonly [backend: string]: { readonly [parameter: string]: readonly string[] } } = {
  FS: { DEFAULT_DIRECTORY_PATH: ['PATH'] },
  S3: { DEFAULT_BUCKET_NAME: ['BUCKET_NAME'] },
  SWIFT: {
    IDENTITY_API_VERSION: ['OS_IDENTITY_API_VERSION'],
    AUTH_URL: ['OS_AUTH_URL'],
    PROJECT_DOMAIN_NAME: ['OS_PROJECT_DOMAIN_NAME'],
    USER_DOMAIN_NAME: ['OS_USER_DOMAIN_NAME'],
    USERNAME: ['OS_USERNAME'],
    PASSWORD: ['OS_PASSWORD'],
    OBJECT_STORAGE_URL: ['OS_STORAGE_URL'],
    REGION_NAME: ['OS_REGION_NAME'],
    TENANT_NAME: ['OS_TENANT_NAME'],
    TENANT_ID: ['OS_TENANT_ID']
  },
  LDP: { DEFAULT_STREAM_ID: ['STREAM_ID'] },
  WS: { URI: ['WS_URI'] },
  LRS: { BASE_URL: ['URL'] },
  ES: { DEFAULT_INDEX: ['INDEX'] },
  MONGO: { DEFAULT_DATABASE: ['DATABASE'], DEFAULT_COLLECTION: ['COLLECTION'] }
}

/** Every variable with the meaning of this canonical one, itself first. */
export const namesOf = (variable: string): readonly string[] => {
  const [, group, backend, parameter] = /^RALPH_BACKENDS__(DATA|LRS)__([A-Z0-9]+)__(.+)$/.exec(variable) ?? []
  if (group === undefined || backend === undefined || parameter === undefined) return [variable]
  const allGroups = group === 'DATA' ? ['DATA', ...(groups[backend] ?? [])] : ['LRS']
  const allParameters = [parameter, ...(parameters[backend]?.[parameter] ?? [])]
  return allGroups.flatMap((of) => allParameters.map((name) => `RALPH_BACKENDS__${of}__${backend}__${name}`))
}

/** `fs-default-lrs-file`: the flag of a backend's parameter, whatever the group. Undefined: it is not a variable of a backend. */
const flagOfParameter = (variable: string): string | undefined => {
  const [, backend, parameter] = /^RALPH_BACKENDS__[A-Z]+__([A-Z0-9]+)__(.+)$/.exec(variable) ?? []
  return backend === undefined || parameter === undefined
    ? undefined
    : `${backend}-${parameter}`.replace(/_+/g, '-').toLowerCase()
}

/** Flags of backends that Python Ralph also has in an asynchronous form. */
const asynchronous = /^(?:es|mongo|lrs|ws)-/

/** Every flag of a setting, by the variable it stands for. Its own flag comes first. */
export const flagsOf = (variable: string, flag: string): ReadonlyMap<string, string> => {
  const flags = new Map([[flag, variable]])
  for (const name of namesOf(variable)) {
    const other = flagOfParameter(name)
    if (other !== undefined && !flags.has(other)) flags.set(other, name)
  }
  for (const [other, name] of [...flags]) {
    if (variable.startsWith('RALPH_BACKENDS__') && asynchronous.test(other)) flags.set(`async-${other}`, name)
  }
  return flags
}
