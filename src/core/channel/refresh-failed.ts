import { CountersignError } from '../../protocol/errors.js'

/** Error of a connection whose refreshes are not answered, or not as OAuth requires. */
export const refreshFailed = (): CountersignError =>
  new CountersignError(
    'refresh_failed',
    'Two refreshes in a row got no OAuth answer. They are tried again hourly; authorize() renews the connection.',
  )
