import * as oauth from 'oauth4webapi'
import type { BackendProvider, HeldConnection, ResourceRoute, Resources } from '../../backend/provider.js'
import { parametersOfChecks } from '../../protocol/asked-checks.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import type { Json } from '../../protocol/contract.js'
import { codeFlowCalls, discover } from '../../protocol/metadata.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import { checkFapi, checkIsBound, fapiAlgorithms } from '../kit/backend/fapi.js'
import { createOAuthClient, type OAuthClientWithEndpoint } from '../kit/backend/oauth-client.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import { createClientCredentialsTokens } from '../kit/backend/client-credentials-tokens.js'
import { readResources, toJson } from './consent.js'
import { clientTokenSources, hasConsentEnded, type ClientToken, type ConsentApi } from './consent-api.js'
import { chooseConsent, type FdxConsentTemplates } from './consent-request.js'
import { endConsent, toConsentEnding } from './end-consent.js'
import { actorTypeHeader, consentDetailType } from './facts.js'
import { withFdxHeaders } from './fdx-fetch.js'
import { toConsentGrant } from './granted-consent.js'
import { readOptions, type FdxBackendOptions } from './options.js'

export type { FdxBackendOptions } from './options.js'

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
  const base = readOptions(options)
  const { clientId, scope, consents, scopeOnUrl = false, detailType = consentDetailType } = options
  const { consentIdMember = 'grant_id', revocation = byThePerson } = options
  const fetch = withFdxHeaders(options.fetch, base)
  const apiFor = (context: RequestContext): ConsentApi => ({ base, fetch: context.fetch })
  const client = createFdxClient(options, base, consentIdMember)
  const clientToken = createClientToken(client, options)
  let refusedClientToken: string | undefined

  return defineBackendProvider({
    label: 'FDX',
    mode: 'bff',
    redirectUri: options.redirectUri,
    scope,
    fetch,
    client,
    input: { consent_request: (choice) => isAllowed(consents, choice) },
    resources: createResources(base, options.routes, clientToken !== undefined),
    ...(clientToken && {
      resourceToken: async (_connection, route, rejected, context) => {
        if (!isConsentRoute(route)) return undefined
        // This request goes on with the consent's own token, the next one with another of the client's.
        if (rejected !== undefined) refusedClientToken = rejected
        return rejected === undefined ? clientToken(context, refusedClientToken) : undefined
      },
    }),

    confirmsAuthentication: true,
    async authorize(setup, context) {
      const consentRequest = chooseConsent(consents, setup.input['consent_request'])
      const request = {
        ...parametersOfChecks(setup.asked ?? {}),
        ...buildCodeRequest({ ...setup, clientId }),
        authorization_details: JSON.stringify([{ type: detailType, consentRequest }]),
      }
      const start = await client.push(request, context, scopeOnUrl ? { scope: setup.scope } : {})
      return { ...start, data: { resources: consentRequest.resources.map(toJson) } }
    },

    toGrant: (tokens, { data }, context) =>
      toConsentGrant(
        apiFor(context),
        tokens,
        readResources(data?.['resources']),
        { detailType, consentIdMember },
        clientTokenSources(clientToken, context),
      ),

    revoke: (connection, context) =>
      endConsent({ api: apiFor(context), revocation, clientToken }, client, connection, context),
    hasEnded: (connection, context) =>
      hasConsentEnded(apiFor(context), connection, clientTokenSources(clientToken, context)),
    toEnding: (connection) => toConsentEnding(connection, clientToken !== undefined),
  })
}

/** The consent's own routes and those of the app. */
const createResources = (
  base: string,
  routes: readonly ResourceRoute[] | undefined,
  hasClientToken: boolean,
): Resources => ({
  base,
  routes: [...consentRoutes, ...(routes ?? [])],
  headers: ({ attended }) => ({ [actorTypeHeader]: attended ? 'USER' : 'BATCH' }),
  // A client whose own token may not read the consent reads it with the consent's.
  inspect: (_body, status, route) =>
    hasClientToken && status === 403 && isConsentRoute(route) ? 'token_rejected' : undefined,
})

const byThePerson = { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' } as const

/** The client at the authorization server: its certificate is its authentication, its endpoints are those for mutual TLS. */
function createFdxClient(
  { clientId, issuer, scope, origins = [], fapi = false, fetch }: FdxBackendOptions,
  base: string,
  consentIdMember: string,
): OAuthClientWithEndpoint {
  return createOAuthClient({
    ...{ clientId, issuer },
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
    ...(fapi && { checkAccessToken: checkIsBound(fetch) }),
    quirks: {
      mtls: true,
      extraMembers: [consentIdMember, 'authorization_details'],
      ...(fapi && { idTokenAlgorithms: fapiAlgorithms }),
    },
  })
}

/** The client's own token, where a scope for it is given. */
function createClientToken(
  client: OAuthClientWithEndpoint,
  { clientScope: scope, fapi = false, fetch }: FdxBackendOptions,
): ClientToken | undefined {
  if (scope === undefined) return undefined
  const check = fapi ? checkIsBound(fetch) : undefined
  const tokens = createClientCredentialsTokens(client.endpoint, clientTokenSeconds, check)
  return (context, rejected) => tokens({ scope, rejected }, context)
}

/** Seconds for which a client-credentials token is used whose response does not say how long it is good. */
const clientTokenSeconds = 300

/** The consent that belongs to the connection, and no other. */
const bind = { consentId: ({ details }: HeldConnection) => details['grant_id'] }

const consentRoutes: readonly ResourceRoute[] = [
  { method: 'GET', path: '/consents/{consentId}', bind },
  { method: 'GET', path: '/consents/{consentId}/revocation', bind },
]

const isConsentRoute = (route: ResourceRoute): boolean => consentRoutes.includes(route)

function isAllowed(consents: FdxConsentTemplates, choice: Json | undefined): boolean {
  try {
    chooseConsent(consents, choice)
    return true
  } catch {
    return false
  }
}
