import { CountersignError } from '../../protocol/errors.js'

/** The error of a connection whose refreshes make no sense. */
export const refreshFailed = (): CountersignError =>
  new CountersignError(
    'refresh_failed',
    'The token endpoint answered three refreshes with no OAuth answer. It is tried again once an hour; to go on at once, renew the connection with authorize().',
  )
