import { isOwnState } from '../../protocol/own-state.js'
import { isAtRedirectUri } from '../../protocol/redirect-place.js'
import { isResponse } from '../../protocol/response-parameters.js'
import type { Navigation } from '../../platform/navigation.js'

/** The response, or the reload, that brought a person to the callback page. */
export interface Capture {
  /** The provider at whose redirect URI the page is. */
  readonly provider: string
  /** The parameters of an authorization response, and the address they came to. */
  readonly parameters?: URLSearchParams
  readonly url?: URL
  /** True for an error without `state` at a page of the app, which may be the app's own. */
  readonly isShared?: boolean
  /** The return from an interaction at the provider, by its id there. It stays in the address: it opens nothing. */
  readonly interaction?: string
  /** After a reload: the id of the transaction that this history entry belongs to. */
  readonly id?: string
}

/** Everything an authorization response may hold, wanted or not: none of it stays in the address bar. */
const parameterNames =
  'code state iss error error_description error_uri error_cause trace_id scope session_state access_token id_token token token_type expires_in response'.split(
    ' ',
  )

/** A response of this client's. Whatever else a page of the app has for parameters is its own. */
const isOwnResponse = (parameters: URLSearchParams): boolean => isOwnState(parameters.get('state'))

/**
 * Takes an authorization response out of the address bar, synchronously: a router, an analytics script or an error
 * reporter that runs later does not see it. Other parameters and the app's own history state stay.
 *
 * The history entry keeps the non-secret id of the transaction, by which a reload finds it again.
 *
 * @param isShared True where redirect URIs are pages of the app, too: then only responses with a `state` of this client's
 * are taken.
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.2.4
 */
export function captureResponse(
  navigation: Navigation,
  providers: readonly string[],
  redirectUri: (provider: string) => string,
  isShared = false,
): Capture | undefined {
  const url = navigation.url()
  const provider = providers.find((name) => isAtRedirectUri(redirectUri(name), url))
  if (provider === undefined) return undefined

  // The code flow answers in the query; a fragment is only read where it plainly holds a response.
  const isTaken = isShared ? isOwnResponse : isResponse
  const query = new URLSearchParams(url.search)
  const fragment = new URLSearchParams(url.hash.slice(1))
  const [inQuery, inFragment] = [isTaken(query), isTaken(fragment)]
  if (!inQuery && !inFragment) {
    const { countersign } = Object(navigation.historyState()) as { countersign?: unknown }
    if (typeof countersign === 'string') return { provider, id: countersign }
    const interaction = query.has('status') ? query.get('id') : null
    if (interaction !== null) return { provider, interaction }
    // It may be the app's own, and stays. Whether anybody waits for one is known later.
    return isShared && query.has('error') ? { provider, parameters: query, url, isShared } : undefined
  }
  // In both places: whatever the fragment adds, parsing refuses.
  const parameters = new URLSearchParams([...(inQuery ? query : []), ...(inFragment ? fragment : [])])
  for (const name of parameterNames) if (inQuery || !isShared) url.searchParams.delete(name)
  if (inFragment) url.hash = ''
  navigation.replace(url.href, {
    ...Object(navigation.historyState()),
    countersign: parameters.get('state')?.slice(0, 16),
  })
  return { provider, parameters, url }
}
