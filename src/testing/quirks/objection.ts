/** Why a provider refuses an authorization request. */
export interface Objection {
  /** An error of OAuth, such as `invalid_request`. */
  readonly error: string
  readonly description: string
}

/** Something is wrong with the request. */
export const invalidRequest = (description: string): Objection => ({ error: 'invalid_request', description })
