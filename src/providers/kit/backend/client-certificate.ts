import type { Fetch } from '../../../protocol/http.js'

/** Client authentication by a certificate, by the names of RFC 8705 §2. */
export interface CertificateAuthentication {
  /** `tls_client_auth`: the certificate is an authority's. `self_signed_tls_client_auth`: it is registered itself. */
  readonly authentication: 'tls_client_auth' | 'self_signed_tls_client_auth'
  /** A `fetch` that presents the certificate: `mtlsFetch({ cert, key })` of `countersign/backend/node`. */
  readonly fetch: Fetch
}

/** The values of `authentication` that stand for a certificate. */
export const certificateMethods: readonly string[] = ['tls_client_auth', 'self_signed_tls_client_auth']

/**
 * Checks the options of a client whose certificate is its authentication, and nothing of any other.
 *
 * @throws {TypeError} when nothing presents the certificate, or there is a second authentication.
 */
export function checkCertificateAuthentication(label: string, options: object): void {
  const { authentication, fetch, clientSecret, privateKey } = options as Readonly<Record<string, unknown>>
  if (!isCertificateMethod(authentication)) return
  checkPresentsCertificate(`${label} with \`authentication: '${authentication}'\``, fetch)
  if ((clientSecret ?? privateKey) !== undefined)
    throw new TypeError(
      `${label}: with \`authentication: '${authentication}'\` the certificate is the authentication: leave \`clientSecret\` and \`privateKey\` out.`,
    )
}

/** Test for a value of `authentication` that stands for a certificate. */
export const isCertificateMethod = (value: unknown): value is CertificateAuthentication['authentication'] =>
  certificateMethods.includes(value as string)

/**
 * Checks that a `fetch` is given that presents a client certificate.
 *
 * @param what The provider, and the option for which it needs the certificate.
 * @throws {TypeError} when it is missing, or the platform's own, with what presents a certificate in this runtime.
 */
export function checkPresentsCertificate(what: string, fetch: unknown): void {
  if (typeof fetch !== 'function') throw new TypeError(certificateMissing(what))
  // Every request would be refused, one person at a time.
  if (fetch !== globalThis.fetch) return
  const exception =
    'If yours does, by the global dispatcher of undici or an egress proxy, give `fetch: (url, init) => fetch(url, init)`.'
  throw new TypeError(`${certificateMissing(what)} ${exception}`)
}

/** What presents a client certificate differs from one runtime to another. */
function certificateMissing(what: string): string {
  const { navigator } = globalThis as { readonly navigator?: Navigator }
  const remedy =
    navigator?.userAgent === 'Cloudflare-Workers'
      ? 'In Workers a certificate is a binding: add it to `mtls_certificates` in wrangler.jsonc, and give `fetch: (url, init) => env.CERTIFICATE.fetch(url, init)`.'
      : 'Give `fetch: mtlsFetch({ cert, key })` of countersign/backend/node.'
  return `${what} needs a \`fetch\` that presents the client certificate (mutual TLS), which the platform's own does not by itself. ${remedy}`
}
