import type { Fetch } from 'countersign/backend'
import { http, HttpResponse } from 'msw'
import type { setupServer } from 'msw/node'
import type { AuthorizationServer, RecordedRequest } from '../support/authorization-server.js'
import { secret } from '../support/secrets.js'

/** Where the endpoints for mutual TLS are. */
export const mtlsOrigin = 'https://mtls.as.example'

/** The header by which these tests see that a certificate was presented: MSW has no TLS. */
const presented = 'x-presented-certificate'

/** A `fetch` that presents a certificate, as far as these tests can see. */
export const presentCertificate: Fetch = (url, init) => {
  const headers = new Headers(init.headers)
  headers.set(presented, 'client')
  return fetch(url, { ...init, headers })
}

/** True for a request that came with a certificate. */
export const hasCertificate = ({ headers }: Pick<RecordedRequest, 'headers'>): boolean =>
  headers.has(presented)

/** A request at one of the endpoints that take a certificate. */
export interface CertificateRequest extends Pick<RecordedRequest, 'headers' | 'form'> {
  readonly origin: string
  readonly path: string
}

/** The endpoint for pushed requests of a server that keeps to FAPI 2.0, and its endpoints for mutual TLS. */
export interface FapiServer {
  /** Changes a server to one of the profile, and answers for it. */
  readonly open: (server: AuthorizationServer) => void
  /** Pushed requests, and whatever came to the endpoints for mutual TLS, in their order. */
  readonly requests: readonly CertificateRequest[]
  /** The parameters that a `request_uri` stands for. */
  readonly pushed: (requestUri: string) => string
}

/** Seconds for which a `request_uri` is good. */
export const requestUriSeconds = 90

/**
 * Makes a server one of the profile.
 *
 * @param aliases `mtls_endpoint_aliases` are in its metadata. @defaultValue true
 */
export function createFapiServer(
  network: ReturnType<typeof setupServer>,
  { aliases = true }: { readonly aliases?: boolean } = {},
): FapiServer {
  const requests: CertificateRequest[] = []
  const pushed = new Map<string, string>()

  const push = ({ form }: CertificateRequest): Response => {
    const requestUri = secret(`urn:ietf:params:oauth:request_uri:${crypto.randomUUID()}`)
    pushed.set(requestUri, form.toString())
    return HttpResponse.json({ request_uri: requestUri, expires_in: requestUriSeconds }, { status: 201 })
  }

  async function record(request: Request): Promise<CertificateRequest> {
    const { origin, pathname: path } = new URL(request.url)
    const form = new URLSearchParams(await request.clone().text())
    const seen = { origin, path, headers: request.headers, form }
    requests.push(seen)
    return seen
  }

  return {
    requests,
    pushed: (requestUri) => pushed.get(requestUri) ?? '',
    open({ issuer, metadata }) {
      Object.assign(metadata, {
        id_token_signing_alg_values_supported: ['ES256', 'RS256'],
        tls_client_certificate_bound_access_tokens: true,
        require_pushed_authorization_requests: true,
        pushed_authorization_request_endpoint: `${issuer}/par`,
        ...(aliases && {
          mtls_endpoint_aliases: {
            token_endpoint: `${mtlsOrigin}/token`,
            pushed_authorization_request_endpoint: `${mtlsOrigin}/par`,
            revocation_endpoint: `${mtlsOrigin}/revoke`,
          },
        }),
      })
      network.use(
        ...[issuer, mtlsOrigin].map((origin) =>
          http.post(`${origin}/par`, async ({ request }) => push(await record(request))),
        ),
        ...['token', 'revoke'].map((path) =>
          http.post(`${mtlsOrigin}/${path}`, async ({ request }) => {
            const { headers, form } = await record(request)
            const certificate = headers.get(presented)
            const shown = { headers: certificate === null ? {} : { [presented]: certificate } }
            return fetch(`${issuer}/${path}`, { method: 'POST', body: form, ...shown })
          }),
        ),
      )
    },
  }
}
