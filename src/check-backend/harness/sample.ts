import { createCodeVerifier } from '../../protocol/pkce.js'
import type { CheckOptions } from '../options.js'
import { unknownId, type AuthorizationBody, type Bench, type Proof } from './bench.js'
import type { SendOptions } from './client.js'

/**
 * A request as data: its method, its path, and how it differs from a well-formed one. `{mediated}` and `{bff}` in the
 * path stand for the id of a live connection at that provider.
 */
export type Request = readonly [method: string, path: string, send?: SendOptions]

/** Requests that would be worked on, for rules to change until they are refused. */
export interface Sample {
  readonly options: CheckOptions
  readonly body: AuthorizationBody
  /** The body of a token request; nothing is known of its transaction unless the rule has one begun. */
  readonly proof: Proof
  /** An authorization request with members of its body added or replaced. */
  readonly authorization: (changes?: object, send?: SendOptions) => Request
  /** A token request, likewise. */
  readonly token: (changes?: object, send?: SendOptions) => Request
  /** A request for the access token of the live connection. */
  readonly accessToken: (body?: SendOptions['body'], send?: SendOptions) => Request
  /** A request to the API of the bff provider. */
  readonly resource: (method: string, path: string, send?: SendOptions) => Request
}

/** Makes what a rule sends requests from. */
export async function createSample(
  { options, authorizationBody, begin }: Bench,
  begun: boolean,
): Promise<Sample> {
  const { mediated } = options.providers
  const { body } = await authorizationBody()
  const unknown = { code: unknownId(24), state: unknownId(32), code_verifier: createCodeVerifier() }
  const proof = begun ? await begin() : unknown
  return {
    options,
    body,
    proof,
    authorization: (changes, send) => [
      'POST',
      `/${mediated}/authorization`,
      { ...send, body: { ...body, ...changes } },
    ],
    token: (changes, send) => ['POST', `/${mediated}/token`, { ...send, body: { ...proof, ...changes } }],
    accessToken: (json = {}, send) => [
      'POST',
      '/connections/{mediated}/access-token',
      { ...send, body: json },
    ],
    resource: (method, path, send = {}) => [method, `/connections/{bff}/resource/${path}`, send],
  }
}
