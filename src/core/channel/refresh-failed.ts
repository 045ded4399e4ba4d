import { CountersignError } from '../../protocol/errors.js'

/** The error of a connection whose refreshes make no sense. */
export const refreshFailed = (): CountersignError =>
  new CountersignError(
    'refresh_failed',
    'Three refreshes got no OAuth answer. They are tried again hourly; authorize() renews the connection.',
  )
