import * as oauth from 'oauth4webapi'
import type { BackendProvider, HeldConnection, ResourceRoute } from '../../backend/provider.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import type { Json } from '../../protocol/contract.js'
import type { Fetch } from '../../protocol/http.js'
import { codeFlowCalls, discover } from '../../protocol/metadata.js'
import { createOAuthClient } from '../kit/backend/oauth-client.js'
import { readUrl } from '../kit/backend/read-options.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import { readResources, toJson, type ConsentApi } from './consent.js'
import { checkTemplates, chooseConsent, type FdxConsentTemplates } from './consent-request.js'
import { endConsent } from './end-consent.js'
import { actorTypeHeader, consentDetailType, type FdxInitiator, type FdxRevocationReason } from './facts.js'
import { checkFapi, fapiAlgorithms } from './fapi.js'
import { toConsentGrant } from './granted-consent.js'
import { checkOptions, isScope, type OptionForms } from '../../protocol/options.js'

/** Options of the backend's {@link fdx}. */
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
   * `iss` in every response, ID Tokens signed with PS256, ES256 or EdDSA. @defaultValue false
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
   * Scope of a client-credentials token that ends a consent whose access token is no longer good, such as `UPDATE_CONSENTS`.
   * @defaultValue none: only the consent's access token is used
   */
  readonly clientScope?: string
  /** The type of authorization details. @defaultValue `fdx_v1.0` */
  readonly detailType?: string
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
} satisfies OptionForms<FdxBackendOptions>

const revocationForms = { reason: 'string!', initiator: 'string!' } satisfies OptionForms<
  NonNullable<FdxBackendOptions['revocation']>
>

/**
 * An FDX data provider at the backend: pushes the consent request, redeems the code and speaks to the consent API, all over
 * mutual TLS. Its certificate-bound tokens stay here.
 *
 * @throws {TypeError} when an option is missing or wrong.
 * @example
 * ```ts
 * import { fdx } from 'countersign/backend'
 * import { mtlsFetch } from 'countersign/backend/node'
 * import { readFileSync } from 'node:fs'
 *
 * const provider = fdx({
 *   clientId: 'c9f1b2d07a6e4f53',
 *   redirectUri: 'https://app.example/callback/fdx',
 *   issuer: 'https://bank.us.authz.cloudentity.io/bank/fdx',
 *   api: 'https://bank.us.authz.cloudentity.io/bank/fdx/',
 *   scope: 'READ_CONSENTS UPDATE_CONSENTS ACCOUNT_BASIC',
 *   fetch: mtlsFetch({ cert: readFileSync('client.crt', 'utf8'), key: readFileSync('client.key', 'utf8') }),
 *   consents: {
 *     budget: {
 *       durationType: 'TIME_BOUND',
 *       durationPeriod: 365,
 *       lookbackPeriod: 60,
 *       resources: [{ resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC', 'TRANSACTIONS'] }],
 *     },
 *   },
 * })
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc8705.html
 * @see https://www.rfc-editor.org/rfc/rfc9126.html
 * @see https://www.rfc-editor.org/rfc/rfc9396.html
 */
export function fdx(options: FdxBackendOptions): BackendProvider & { readonly mode: 'bff' } {
  checkOptions('fdx', options, forms)
  const { clientId, issuer, scope, consents, fetch, fapi = false, detailType = consentDetailType } = options
  const { origins = [], scopeOnUrl = false, clientScope } = options
  const { revocation = { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' } } = options
  const base = readOptions(options)
  const api: ConsentApi = { base, fetch }
  const client = createOAuthClient({
    clientId,
    metadata: async (context) => {
      const server = await discover(context.fetch, issuer, {
        origins: [new URL(base).origin, ...origins],
        mtls: true,
        calls: codeFlowCalls(scope, true).filter((name) => name !== 'revocation_endpoint'),
      })
      if (fapi) checkFapi(server)
      return server
    },
    authentication: oauth.TlsClientAuth(),
    quirks: {
      mtls: true,
      extraMembers: ['grant_id', 'authorization_details'],
      ...(fapi && { idTokenAlgorithms: fapiAlgorithms }),
    },
  })

  return defineBackendProvider({
    label: 'FDX',
    mode: 'bff',
    redirectUri: options.redirectUri,
    scope,
    fetch,
    client,
    input: { consent_request: (choice) => isAllowed(consents, choice) },
    resources: {
      base,
      routes: [...consentRoutes, ...(options.routes ?? [])],
      headers: ({ attended }) => ({ [actorTypeHeader]: attended ? 'USER' : 'BATCH' }),
    },

    async authorize(setup, context) {
      const consentRequest = chooseConsent(consents, setup.input['consent_request'])
      const request = {
        ...buildCodeRequest({ ...setup, clientId }),
        authorization_details: JSON.stringify([{ type: detailType, consentRequest }]),
      }
      const start = await client.push(request, context, scopeOnUrl ? { scope: setup.scope } : {})
      return { ...start, data: { resources: consentRequest.resources.map(toJson) } }
    },

    toGrant: (tokens, { data }) =>
      toConsentGrant(api, tokens, readResources(data?.['resources']), detailType),

    revoke: (connection, context) =>
      endConsent({ api, revocation, clientScope }, client, connection, context),
  })
}

/** The consent that belongs to the connection, and no other. */
const bind = { consentId: ({ details }: HeldConnection) => details['grant_id'] }

const consentRoutes: readonly ResourceRoute[] = [
  { method: 'GET', path: '/consents/{consentId}', bind },
  { method: 'GET', path: '/consents/{consentId}/revocation', bind },
]

/** Checks the options, and gives the API's base with a slash at its end. @throws {TypeError} naming what is missing or wrong. */
function readOptions(options: FdxBackendOptions): string {
  const { consents, fapi = false, scopeOnUrl = false } = options
  if (typeof (options.fetch as unknown) !== 'function')
    throw new TypeError('fdx needs `fetch`, with the client certificate: mtlsFetch({ cert, key }).')
  if (fapi && scopeOnUrl)
    throw new TypeError('FAPI 2.0 has nothing but client_id and request_uri on the URL: drop `scopeOnUrl`.')
  checkTemplates(consents)
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

function isAllowed(consents: FdxConsentTemplates, choice: Json | undefined): boolean {
  try {
    chooseConsent(consents, choice)
    return true
  } catch {
    return false
  }
}
