import { isIPv6 } from 'node:net'
import { codeOf, RalphError } from '../errors.ts'

const listenReasons: { readonly [code: string]: string } = {
  EADDRINUSE: 'is in use by another program: stop it, or choose another port with --port or RALPH_RUNSERVER_PORT',
  EACCES: 'may only be used by an administrator: choose a port above 1023 with --port or RALPH_RUNSERVER_PORT',
  EADDRNOTAVAIL: 'is not an address of this machine: choose another one with --host or RALPH_RUNSERVER_HOST',
  ENOTFOUND: 'is not an address of this machine: choose another one with --host or RALPH_RUNSERVER_HOST',
  EAI_AGAIN: 'cannot be looked up: choose another address with --host or RALPH_RUNSERVER_HOST'
}

export const addressOf = (host: string, port: number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`

/** What an operator can do about an error of listening. Another error is given back as it is. */
export const asListenError = (error: unknown, host: string, port: number): unknown => {
  const reason = listenReasons[codeOf(error) ?? '']
  const address = addressOf(host, port)
  return reason === undefined
    ? error
    : new RalphError('ADDRESS_UNAVAILABLE', `${address} ${reason}`, { address }, { cause: error })
}
