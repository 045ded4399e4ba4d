import { correlationHeader } from '../../protocol/contract.js'

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i

/** The id of a request: the page's own, where that is a UUID and so can be logged, or a new one. */
export function correlationOf({ headers }: Request): string {
  const given = headers.get(correlationHeader)
  return given !== null && uuid.test(given) ? given.toLowerCase() : crypto.randomUUID()
}

/** Gives an answer the id of its request, unless it has the API's own. */
export function correlate(response: Response, correlation: string): Response {
  if (!response.headers.has(correlationHeader)) response.headers.set(correlationHeader, correlation)
  return response
}
