import type { ResourceRoute } from '../../backend/provider.js'
import type { Fetch } from '../../protocol/http.js'
import { checkOptions, isScope, type OptionForms } from '../../protocol/options.js'
import { checkPresentsCertificate } from '../kit/backend/client-certificate.js'
import { readUrl } from '../kit/backend/read-options.js'
import { checkTemplates, type FdxConsentTemplates } from './consent-request.js'
import type { FdxInitiator, FdxRevocationReason } from './facts.js'

/** Options of the backend's `fdx`. */
export interface FdxBackendOptions {
  /** The client id at the data provider; as in the page. */
  readonly clientId: string
  /** The redirect URI registered at the data provider, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** The data provider's issuer; everything else is in its discovery document. */
  readonly issuer: string
  /** Space-delimited: the most that a page may ask for, and what the data provider allows this client. */
  readonly scope: string
  /** A `fetch` that presents the client's certificate: `mtlsFetch({ cert, key })` of `countersign/backend/node`. */
  readonly fetch: Fetch
  /** Base URL below which `consents/{id}` lies, over mutual TLS; the data provider tells it. */
  readonly api: string
  /** The consents that this backend asks for, by name. Pages choose a name. */
  readonly consents: FdxConsentTemplates
  /** Origins beside those of `issuer` and `api` on which discovered endpoints may lie. @defaultValue none */
  readonly origins?: readonly string[]
  /**
   * Repeats the scope on the authorization URL, as Cloudentity's tutorial has it. It is in the pushed request
   * in any case. Not allowed with `fapi`. @defaultValue false
   */
  readonly scopeOnUrl?: boolean
  /**
   * Requires FAPI 2.0 of the data provider: certificate-bound tokens, S256 and `iss` announced in its metadata,
   * `iss` in every response, ID Tokens signed with PS256, ES256 or EdDSA, and that an access token that is a JWT is bound to this
   * client's certificate. @defaultValue false
   */
  readonly fapi?: boolean
  /**
   * Requests that pages may make to the API below `api`, beside the connection's own consent (`GET consents/{id}` and its
   * `revocation`). @defaultValue nothing
   */
  readonly routes?: readonly ResourceRoute[]
  /** Party that ends a consent on disconnect, and its reason. @defaultValue the person (`INDIVIDUAL`), by their own `USER_ACTION` */
  readonly revocation?: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator }
  /**
   * Scope of a client-credentials token that reads and ends this client's consents, such as `READ_CONSENTS UPDATE_CONSENTS`. It
   * is used before the consent's own token, only for the consent of the connection, and for no data.
   * @defaultValue none: only the consent's own token is used
   */
  readonly clientScope?: string
  /** The type of authorization details. @defaultValue `fdx_v1.0` */
  readonly detailType?: string
  /**
   * Member of the token response, or claim of an access token that is a JWT, with the consent's id; FDX's own
   * specification has `fdxConsentId`. @defaultValue `grant_id`, as Cloudentity has it
   */
  readonly consentIdMember?: string
}

const forms = {
  clientId: 'string!',
  redirectUri: 'stringOrStrings!',
  issuer: 'issuer!',
  scope: 'string!',
  fetch: 'any',
  api: 'url!',
  consents: 'object!',
  origins: 'strings',
  scopeOnUrl: 'boolean',
  fapi: 'boolean',
  routes: 'object',
  revocation: 'object',
  clientScope: 'string',
  detailType: 'string',
  consentIdMember: 'string',
} satisfies OptionForms<FdxBackendOptions>

const revocationForms = { reason: 'string!', initiator: 'string!' } satisfies OptionForms<
  NonNullable<FdxBackendOptions['revocation']>
>

/** Checks the options, and gives the API's base with a slash at its end. @throws {TypeError} naming what is missing or wrong. */
export function readOptions(options: FdxBackendOptions): string {
  checkOptions('fdx', options, forms)
  const { consents, fapi = false, scopeOnUrl = false } = options
  checkPresentsCertificate('fdx', options.fetch)
  if (fapi && scopeOnUrl)
    throw new TypeError('FAPI 2.0 has nothing but client_id and request_uri on the URL: drop `scopeOnUrl`.')
  checkTemplates(consents)
  if (options.consentIdMember?.endsWith('token'))
    throw new TypeError('fdx: `consentIdMember` names the consent, and no token: correct it.')
  if (options.clientScope !== undefined && !isScope(options.clientScope))
    throw new TypeError(
      'fdx: `clientScope` is a scope, with spaces between values: correct it, or leave it out.',
    )
  if (!Array.isArray(options.routes ?? []))
    throw new TypeError("fdx: `routes` is a list, such as [{ method: 'GET', path: '/accounts' }].")
  if (options.revocation) checkOptions('fdx: `revocation`', options.revocation, revocationForms)
  for (const name of ['issuer', 'api'] as const) readUrl(name, options[name])
  return options.api.endsWith('/') ? options.api : `${options.api}/`
}
