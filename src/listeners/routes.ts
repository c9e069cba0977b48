import { RalphError } from '../errors.ts'
import type { RunningHandler } from './running-handler.ts'

/** A route of a handler. */
export interface Route {
  readonly handler: RunningHandler
  /** As the module names it. */
  readonly text: string
  readonly method: string
  /** From the root of the door: `/h/sizes/:uuid`. */
  readonly path: string
  /** The names in it. */
  readonly parameters: readonly string[]
  readonly shown: string
}

/** `INVALID_SETTING` when it is not a method and a path. */
export const routeOf = (handler: RunningHandler, text: string): Route => {
  const [, method = '', own = ''] = /^(GET|POST|PUT|PATCH|DELETE) (\/\S*)$/.exec(text) ?? []
  if (method === '') {
    const form = 'a route is a method and a path, such as GET /sizes/:uuid'
    throw new RalphError(
      'INVALID_SETTING',
      `the handler ${handler.name} has the route ${JSON.stringify(text)}: ${form}`
    )
  }
  const path = `/h/${handler.name}${own === '/' ? '' : own}`
  const parameters = [...own.matchAll(/\/:([^/]+)/g)].map(([, name = '']) => name)
  return { handler, text, method, path, parameters, shown: `${method} ${path}` }
}

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((each) => each !== '')

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    // What is not encoded is itself.
    return segment
  }
}

/** Undefined: it does not match. */
const valuesIn = (path: string, segments: readonly string[]): Readonly<Record<string, string>> | undefined => {
  const wanted = segmentsOf(path)
  if (wanted.length !== segments.length) return undefined
  const values: [string, string][] = []
  for (const [index, each] of wanted.entries()) {
    const given = segments[index] ?? ''
    // The name of the handler is no parameter, whatever it is.
    if (each.startsWith(':') && index > 1) values.push([each.slice(1), given])
    else if (each !== given) return undefined
  }
  return Object.fromEntries(values)
}

/** The first route that takes the request. */
export const matchRoute = (routes: readonly Route[], method: string, pathname: string) => {
  const segments = segmentsOf(pathname).map(decoded)
  for (const route of routes) {
    const parameters =
      route.method === (method === 'HEAD' ? 'GET' : method) ? valuesIn(route.path, segments) : undefined
    if (parameters !== undefined) return { route, parameters, path: `/${segments.slice(2).join('/')}` }
  }
  return undefined
}
