/** The URLs of the APIs of OVH and its sister companies, by the names that their own clients use. */
export const endpoints: ReadonlyMap<string, string> = new Map([
  ['ovh-eu', 'https://eu.api.ovh.com/1.0'],
  ['ovh-us', 'https://api.us.ovhcloud.com/1.0'],
  ['ovh-ca', 'https://ca.api.ovh.com/1.0'],
  ['kimsufi-eu', 'https://eu.api.kimsufi.com/1.0'],
  ['kimsufi-ca', 'https://ca.api.kimsufi.com/1.0'],
  ['soyoustart-eu', 'https://eu.api.soyoustart.com/1.0'],
  ['soyoustart-ca', 'https://ca.api.soyoustart.com/1.0']
])

/** The page where a user creates a token for an API. */
export const tokenPage = (endpoint: string): string => `${new URL(endpoint).origin}/createToken/`
