import type { ResourceRoute } from '../../backend/provider.js'
import type { Fetch } from '../../protocol/http.js'
import { checkOptions, type OptionForms } from '../../protocol/options.js'
import {
  certificateMethods,
  checkCertificateAuthentication,
  type CertificateAuthentication,
} from '../kit/backend/client-certificate.js'
import { clientMethods, type ClientAuthentication } from '../kit/backend/client-authentication.js'
import { clientForms } from '../kit/backend/public-oauth-client.js'
import { checkFapiOptions } from './fapi.js'

/** Options of the backend's {@link oidc}. */
export type OidcBackendOptions<M extends 'mediated' | 'bff' = 'mediated'> = CommonOptions<M> &
  (
    | (OidcStandardOptions & (ClientAuthentication | CertificateAuthentication))
    | (OidcFapiOptions<M> & (FapiKeyAuthentication | CertificateAuthentication))
  )

interface CommonOptions<M> {
  /** The name in sentences. @defaultValue `The provider` */
  readonly label?: string
  readonly clientId: string
  /** The redirect URI registered at the provider, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** The issuer identifier, as its discovery document writes it. */
  readonly issuer: string
  /** Space-delimited. The most that a page may ask for. With `openid` every request asks for an ID Token, which must come and is checked. */
  readonly scope: string
  /** `mediated`: access tokens reach the page. `bff`: none does. As in the page. @defaultValue `mediated` */
  readonly mode?: M
  /** Origins, beside the issuer's, on which the server's endpoints lie. */
  readonly origins?: readonly string[]
  /** Pushes the authorization request first (RFC 9126). @defaultValue where the server's metadata demands it */
  readonly par?: boolean
  /**
   * Further parameters of the authorization request, such as `prompt` or `resource`.
   * The ID Token must confirm `max_age` and `acr_values`, which a server may ignore.
   *
   * @defaultValue `prompt=consent` where the scope has `openid` and `offline_access`, which OpenID Connect demands. Another
   * `prompt` replaces it; an empty one counts as none.
   */
  readonly parameters?: Readonly<Record<string, string>>
  /**
   * Signature algorithms of ID Tokens that are accepted, such as `['PS256', 'ES256']`; of them, those that the server's metadata
   * lists. @defaultValue every asymmetric one
   */
  readonly idTokenAlgorithms?: readonly string[]
  /** Claims of the ID Token that pages see as the connection's details; they are stored with it. @defaultValue none */
  readonly details?: readonly string[]
  /** Base URL of the API, in `bff` mode. */
  readonly api?: string
  /** Requests that pages may make to the API, in `bff` mode. */
  readonly routes?: readonly ResourceRoute[]
  /**
   * Sends a refresh again that got no response: only for a server that keeps refresh tokens good when they are used.
   * @defaultValue false
   */
  readonly refreshRepeatable?: boolean
}

/** How `oidc` is used without a profile. */
export interface OidcStandardOptions {
  readonly fapi?: false | undefined
  /**
   * Binds tokens to a key of the backend (RFC 9449), which is made once and kept in its store, sealed by its `keys`: in `bff` mode, since
   * pages cannot use such tokens. @defaultValue false
   */
  readonly dpop?: boolean | undefined
  /**
   * A `fetch` that presents the client's certificate: `mtlsFetch({ cert, key })` of `countersign/backend/node`. It is used for the
   * server, at its `mtls_endpoint_aliases` where it has some, and for the API. @defaultValue the backend's: no certificate
   */
  readonly fetch?: Fetch
}

/** How `oidc` is used with `fapi: true`. */
export type OidcFapiOptions<M> = OidcProfileOptions<M> & (CertificateBinding | DpopBinding)

/** Tokens bound to a certificate (RFC 8705). */
export interface CertificateBinding {
  readonly dpop?: false | undefined
  /** A `fetch` that presents the client's certificate, to which access tokens are bound; see `mtlsFetch`. */
  readonly fetch: Fetch
}

/** Tokens bound to a key (RFC 9449). */
export interface DpopBinding {
  /** Binds tokens to a key of the backend, which is made once and kept in its store, sealed by its `keys`. */
  readonly dpop: true
  /** A `fetch` that presents the client's certificate, where that is its authentication. @defaultValue the backend's: no certificate */
  readonly fetch?: Fetch
}

/** What `fapi: true` means, whatever tokens are bound to. */
export interface OidcProfileOptions<M> {
  /**
   * Keeps to the FAPI 2.0 Security Profile. Demanded at the start: `mode: 'bff'`; authentication by a key for PS256, ES256 or
   * Ed25519 (as a `CryptoKey`), whose assertions have the issuer as `aud`, or by a certificate; `dpop: true`, or a `fetch` that presents the
   * certificate and `api` on https. Demanded of the server's metadata: pushed requests, S256, `iss` in responses and bound tokens, and https
   * wherever the certificate is shown. Every request is pushed, every response must name the issuer, ID Tokens are signed with
   * PS256, ES256 or EdDSA, and an access token that is a JWT must be bound to this client's certificate or key.
   *
   * It does not do: a look at tokens that are no JWT, whose binding only the API
   * sees; versions and ciphers of TLS below what the runtime has; the lifetime of a `request_uri` or a code, which is the server's to
   * limit. On this machine the issuer, its keys and the redirect URI may still be plain http. Set `requireIss` in the page.
   *
   * @defaultValue false
   * @see https://openid.net/specs/fapi-security-profile-2_0-final.html
   */
  readonly fapi: true
  readonly mode: M & 'bff'
  readonly par?: true | undefined
}

/** A key for an algorithm of the profile; its assertions are for the issuer alone. */
export type FapiKeyAuthentication = Omit<
  Extract<ClientAuthentication, { readonly keyId: string }>,
  'algorithm' | 'assertionAudience'
> & {
  /** For a JWK without `alg` and for PEM. */
  readonly algorithm?: 'PS256' | 'ES256'
}

const forms = {
  // Before `parameters`, which are looked at beside it.
  scope: 'string!',
  ...clientForms,
  authentication: [...clientMethods, ...certificateMethods],
  fapi: 'boolean',
  fetch: 'function',
  label: 'string',
  redirectUri: 'stringOrStrings!',
  mode: ['mediated', 'bff'],
  details: 'strings',
  api: 'url',
  routes: 'object',
  refreshRepeatable: 'boolean',
} satisfies OptionForms<OidcBackendOptions>

/** Checks the options. @throws {TypeError} naming what is missing, wrong, or does not go together. */
export function checkBackendOptions(options: OidcBackendOptions<'mediated' | 'bff'>): void {
  checkOptions('oidc', options, forms)
  if (options.fapi === true) checkFapiOptions(options)
  checkCertificateAuthentication('oidc', options)
}
