import type { Grant } from './grants.js'

/** An answer of an API: a status and, unless it is 204, JSON. */
export interface ApiAnswer {
  readonly status: number
  readonly body?: unknown
  /** The grant that this ends, with all its tokens. */
  readonly ends?: Grant
}

/** An answer with a body. */
export const ok = (body: unknown): ApiAnswer => ({ status: 200, body })

/** The answer to a token that is not good. */
export const unauthorized: ApiAnswer = { status: 401, body: { error: 'invalid_token' } }

/** The answer to a token without the scope. */
export const insufficientScope: ApiAnswer = { status: 403, body: { error: 'insufficient_scope' } }

/** The answer for a path that the API does not have. */
export const notFound: ApiAnswer = { status: 404, body: { error: 'not_found' } }
