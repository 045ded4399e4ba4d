import type { Navigation } from '../../platform/navigation.js'

/** The response, or the reload, that brought a person to the callback page. */
export interface Capture {
  /** The provider at whose redirect URI the page is. */
  readonly provider: string
  /** The parameters of an authorization response, and the address they came to. */
  readonly parameters?: URLSearchParams
  readonly url?: URL
  /** After a reload: the id of the transaction that this history entry belongs to. */
  readonly id?: string
}

/** Everything an authorization response may hold, wanted or not: none of it stays in the address bar. */
const parameterNames =
  'code state iss error error_description error_uri error_cause trace_id scope session_state access_token id_token token token_type expires_in response'.split(
    ' ',
  )

/** Tokens make no response, and are taken out of the address bar all the same: parsing refuses them. */
const isResponse = (parameters: URLSearchParams): boolean =>
  ['code', 'state', 'error', 'access_token', 'id_token'].some((name) => parameters.has(name))

/** True when an address is the redirect URI; the URI's own query must be there, too. */
export function isAt(redirectUri: string, url: URL): boolean {
  const { origin, pathname, searchParams } = new URL(redirectUri)
  return (
    origin === url.origin &&
    pathname === url.pathname &&
    [...searchParams].every(([name, value]) => url.searchParams.get(name) === value)
  )
}

/**
 * Takes an authorization response out of the address bar, synchronously: a router, an analytics script or an error
 * reporter that runs later does not see it. Other parameters and the app's own history state stay.
 *
 * The history entry keeps the non-secret id of the transaction, by which a reload finds it again.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-4.2.4
 */
export function captureResponse(
  navigation: Navigation,
  providers: readonly string[],
  redirectUri: (provider: string) => string,
): Capture | undefined {
  const url = navigation.url()
  const provider = providers.find((name) => isAt(redirectUri(name), url))
  if (provider === undefined) return undefined

  // The code flow answers in the query; a fragment is only read where it plainly holds a response.
  const fragment = new URLSearchParams(url.hash.slice(1))
  const inQuery = isResponse(url.searchParams)
  if (!inQuery && !isResponse(fragment)) {
    const { countersign } = Object(navigation.historyState()) as { countersign?: unknown }
    return typeof countersign === 'string' ? { provider, id: countersign } : undefined
  }
  const parameters = inQuery ? new URLSearchParams(url.search) : fragment
  for (const name of parameterNames) url.searchParams.delete(name)
  if (isResponse(fragment)) url.hash = ''
  navigation.replace(url.href, {
    ...Object(navigation.historyState()),
    countersign: parameters.get('state')?.slice(0, 16),
  })
  return { provider, parameters, url }
}
