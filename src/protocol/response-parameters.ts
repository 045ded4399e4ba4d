/**
 * True for parameters that look like an authorization response. Tokens make none, and are taken out of the address bar all the
 * same: parsing refuses them.
 */
export const isResponse = (parameters: URLSearchParams): boolean =>
  ['code', 'state', 'error', 'access_token', 'id_token', 'response'].some((name) => parameters.has(name))

/** True for an address that would be taken for a response, at a redirect URI. */
export const holdsResponse = ({ searchParams, hash }: URL): boolean =>
  isResponse(searchParams) || isResponse(new URLSearchParams(hash.slice(1)))
