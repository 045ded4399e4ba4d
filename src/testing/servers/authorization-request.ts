import type { Objection } from '../quirks/objection.js'
import type { Approval } from '../approval.js'
import type { Registration } from './registration.js'

/** An authorization request that a server has accepted. */
export interface AuthorizationRequest {
  readonly registration: Registration
  readonly parameters: URLSearchParams
  readonly redirectUri: string
  readonly state: string
  readonly scope: readonly string[]
  /** Why it is refused: whatever the person was to do, they come back with that. */
  readonly refusal?: ResponseError
}

/** Parameters of an authorization response. */
export type ResponseParameters = Readonly<Record<string, string | undefined>>

/** How a person's visit ends. */
export type Ending =
  | { readonly kind: 'approve'; readonly approval: Approval }
  | { readonly kind: 'cancel' | 'deny' }
  | { readonly kind: 'error'; readonly error: string; readonly description?: string }

/** A request that is refused on the provider's own page: there is no safe place to send the person. */
export class PageError extends Error {}

/** A request that is refused at its redirect URI. @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1 */
export class ResponseError extends Error {
  readonly error: string

  constructor(error: string, description: string) {
    super(description)
    this.error = error
  }
}

/** @throws {ResponseError} for what a provider objects to, if anything. */
export function throwObjection(objection: Objection | undefined): void {
  if (objection) throw new ResponseError(objection.error, objection.description)
}

/** The scope values of a text. */
export const scopeValues = (scope: string | readonly string[] | null | undefined): readonly string[] =>
  typeof scope === 'string' ? scope.split(' ').filter(Boolean) : (scope ?? [])
