import { endpoints } from './facts.js'
import { parseUrl } from '../../protocol/parse-url.js'

/** An interaction that Stitch wants of the person before its API serves data again. */
export interface StitchInteraction {
  /** The newer documents have the first name, older ones the second. */
  readonly code: 'USER_INTERACTION_REQUIRED' | 'REAUTHORIZATION_REQUIRED'
  /** Stitch's id of it, which comes back with the person; empty where Stitch gave none. */
  readonly id: string
  /** URL for the person to open: a page of Stitch's, never another's. */
  readonly url: string
}

/** Options of {@link readStitchInteraction}. */
export interface StitchInteractionOptions {
  /** URL to which Stitch sends the person afterwards; registered there. @defaultValue nowhere: the person closes the page */
  readonly redirectUri?: string
  /** The authorization endpoint, where it is not Stitch's own; the person is sent to its origin only. */
  readonly authorizationEndpoint?: string
}

/**
 * The interaction that a response of Stitch's API asks for, because the bank wants to see the person again: ordinary after a
 * refresh, which opens a new session at the bank. The connection stays as it is; send the person there from a click,
 * by `client.interact`, and send the request again when they are back.
 *
 * @param answer The parsed body of a GraphQL response.
 * @returns `undefined` also where the address is not one of Stitch's: then the response is not to be trusted.
 * @example
 * ```ts
 * import type { Client } from 'countersign'
 * import { readStitchInteraction } from 'countersign/providers'
 *
 * declare const client: Client
 * declare const response: Response
 *
 * const interaction = readStitchInteraction(await response.json(), { redirectUri: 'https://app.example/callback/stitch' })
 * if (interaction) await client.interact('stitch', { ...interaction, returnTo: '/accounts' })
 * ```
 * @see https://stitch.money/docs/stitch-api/error-handling
 */
export function readStitchInteraction(
  answer: unknown,
  options: StitchInteractionOptions = {},
): StitchInteraction | undefined {
  const { redirectUri, authorizationEndpoint = endpoints.authorization } = options
  const { errors } = Object(answer) as { readonly errors?: unknown }
  const asked = (Array.isArray(errors) ? errors : []).map(extensionsOf).find(isInteraction)
  if (!asked) return undefined
  const url = parseUrl(asked.userInteractionUrl)
  if (url?.origin !== new URL(authorizationEndpoint).origin) return undefined
  if (redirectUri !== undefined) url.searchParams.set('redirect_uri', redirectUri)
  return { code: asked.code, id: typeof asked.id === 'string' ? asked.id : '', url: url.href }
}

interface Extensions {
  readonly code: StitchInteraction['code']
  readonly userInteractionUrl: string
  readonly id?: unknown
}

const extensionsOf = (error: unknown): Partial<Extensions> =>
  Object((Object(error) as { readonly extensions?: unknown }).extensions) as Partial<Extensions>

const isInteraction = (extensions: Partial<Extensions>): extensions is Extensions =>
  /^(?:USER_INTERACTION|REAUTHORIZATION)_REQUIRED$/.test(String(extensions.code)) &&
  typeof extensions.userInteractionUrl === 'string'
