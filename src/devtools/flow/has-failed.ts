import type { InspectedEvent } from '../log/event.js'

/** Whether an event tells of a failure: by its error, by its HTTP status, or by a check. */
export const hasFailed = ({ error, status = 200, checks = [] }: InspectedEvent): boolean =>
  error !== undefined || status === 0 || status >= 400 || checks.some(({ result }) => result === 'failed')
