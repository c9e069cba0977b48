import type { EdxEvent } from './event.ts'
import { textOf } from './fields.ts'

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** Profiles want a UUID. */
export const isSessionId = (session: string | undefined): boolean => session !== undefined && uuid.test(session)

const form = /^[0-9a-f]{32}$/i

/** 32 hexadecimal digits are printed as a UUID. What has another form is left as it is; '' is none. */
export const sessionOf = ({ whole }: EdxEvent): string | undefined => {
  const session = textOf(whole, 'session')
  if (session === undefined || !form.test(session)) return session
  const digits = session.toLowerCase()
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}
