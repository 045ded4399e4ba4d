import type { Fetch } from './http.js'

const thumbprints = new WeakMap<Fetch, string>()

/**
 * Notes which certificate a `fetch` presents.
 *
 * @param thumbprint SHA-256 of the certificate, base64url: the `x5t#S256` of the tokens that are bound to it.
 * @see https://www.rfc-editor.org/rfc/rfc8705.html#section-3.1
 */
export function noteThumbprint(fetch: Fetch, thumbprint: string): void {
  thumbprints.set(fetch, thumbprint)
}

/** Thumbprint of the certificate that a `fetch` presents; `undefined` for a `fetch` that was not made by `mtlsFetch`. */
export const thumbprintOf = (fetch: Fetch): string | undefined => thumbprints.get(fetch)
