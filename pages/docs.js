/* global SwaggerUIBundle */
// The server as the browser reaches it, whatever path a proxy hangs it under.
const root = new URL('../', document.currentScript.src)
const place = document.getElementById('documentation')

const dark = window.matchMedia('(prefers-color-scheme: dark)')
const followColours = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
followColours()
dark.addEventListener('change', followColours)

const prefix = '#/components/schemas/'

/** `agent-1.0.3` is served as schemas/xapi/1.0.3/agent.schema.json. */
const linkTo = (name) => {
  const [, file, version] = /^(.*)-([\d.]+)$/.exec(name)
  return `[JSON Schema](${new URL(`schemas/xapi/${version}/${file}.schema.json`, root).href})`
}

/**
 * Schemas with what they refer to named instead of written out: Swagger UI would unfold a statement, with the
 * statements that are in it, into a page that nobody reads, and would let the reader wait for it for seconds.
 */
const outlined = (value, components, depth = 0) => {
  if (Array.isArray(value)) return value.map((each) => outlined(each, components, depth))
  if (typeof value !== 'object' || value === null) return value
  if (typeof value.$ref === 'string' && value.$ref.startsWith(prefix)) {
    const name = value.$ref.slice(prefix.length)
    const { title, description = '', type = 'object', required, properties } = components[name]
    const outline = { title, type, description: `${description} ${linkTo(name)}` }
    if (depth > 0 || properties === undefined) return outline
    return { ...outline, required, properties: outlined(properties, components, depth + 1) }
  }
  const kept = Object.entries(value).filter(([key]) => depth === 0 || !['if', 'then', 'else'].includes(key))
  return Object.fromEntries(kept.map(([key, each]) => [key, outlined(each, components, depth)]))
}

/** The bytes of UTF-8 as characters, which btoa of the browser makes base64 of; of others it makes another text, or throws. */
const bytesOf = (text = '') => String.fromCharCode(...new TextEncoder().encode(text))

/** Names and passwords beyond ASCII go out in UTF-8, as the server asks for (RFC 7617); Swagger UI knows Latin-1 only. */
const inUtf8 = (authorize) => (auths) =>
  authorize(
    Object.fromEntries(
      Object.entries(auths).map(([name, auth]) => {
        const { username, password } = auth.value ?? {}
        if (typeof password !== 'string') return [name, auth]
        return [name, { ...auth, value: { username: bytesOf(username), password: bytesOf(password) } }]
      })
    )
  )

const show = async () => {
  const response = await fetch(new URL('openapi.json', root))
  if (!response.ok) throw new Error(`openapi.json was answered ${response.status}`)
  const { components, paths, ...rest } = await response.json()
  const { schemas, ...otherComponents } = components
  SwaggerUIBundle({
    spec: {
      ...rest,
      servers: [{ url: root.href.replace(/\/$/, '') }],
      paths: outlined(paths, schemas),
      components: otherComponents
    },
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [{ statePlugins: { auth: { wrapActions: { authorize: inUtf8 } } } }],
    layout: 'BaseLayout',
    deepLinking: true,
    // Nobody else is asked whether the document is valid.
    validatorUrl: null
  })
}

show().catch((error) => {
  place.textContent = `The documentation cannot be shown: ${error.message}. Reload the page to try again.`
  place.className = 'notice'
})
