import { toWire } from '../../protocol/step-up.js'
import { checkAuthorizationUrl } from '../../protocol/authorization-request.js'
import type {
  AccessTokenAnswer,
  AccessTokenRequest,
  AuthorizationAnswer,
  AuthorizationRequest,
  ConnectionDocument,
  ConnectionsAnswer,
  DisconnectAnswer,
  InstitutionDocument,
  InstitutionsAnswer,
  TokenAnswer,
  TokenRequest,
} from '../../protocol/contract.js'
import { sha256 } from '../../protocol/digest.js'
import { unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { parseSecureUrl } from '../../protocol/secure-url.js'
import { parseScope } from '../../protocol/scope.js'
import { isToken } from '../../protocol/token.js'
import { withoutAppState } from '../app-state.js'
import type { Connection } from '../records/connection.js'
import { transactionId } from '../records/keys.js'
import { providerOf, type Context } from '../context.js'
import type { Provider } from '../provider.js'
import { loadModule } from '../load-module.js'
import { callBackend, fetchThroughBackend, pathTo, type BackendCall } from './backend-call.js'
import { invalid } from './backend-error.js'
import type { Transaction } from '../records/transaction.js'
import { authorizedFetch, sendBearer } from './authorized-fetch.js'
import type { AuthorizationUrl, Channel, InstitutionPage, Redeemed } from './channel.js'
import type { AccessToken } from '../held-tokens.js'
import { hasOwn } from '../../protocol/has-own.js'

/** The channel of `mediated` and `bff` providers: this page and the backend contract. */
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  const isMediated = provider.channel.mode === 'mediated'
  return {
    begin: (transaction) => begin(context, name, provider, transaction),
    redeem({ state, codeVerifier, handle, grantedScope: scope }, { code, iss }) {
      const body = { code, state, code_verifier: codeVerifier, iss, scope, transaction: handle }
      const call: BackendCall<TokenRequest> = {
        ...{ method: 'POST', path: `/${name}/token`, about: transactionId(state), endpoint: 'token', body },
      }
      return callBackend<TokenAnswer, Redeemed>(context, call, (answer) => ({
        connection: toConnection(answer.connection, name, provider),
        ...(isMediated &&
          answer.access_token !== undefined && { accessToken: toAccessToken(context, answer) }),
      }))
    },
    async accessToken({ id }, rejected) {
      const call: BackendCall<AccessTokenRequest> = {
        ...{ method: 'POST', path: `${pathTo(id)}/access-token`, about: id, endpoint: 'access-token' },
        body: { rejected: rejected === undefined ? rejected : await sha256(rejected) },
      }
      return callBackend<AccessTokenAnswer, AccessToken>(context, call, (answer) =>
        toAccessToken(context, answer),
      )
    },
    disconnect({ id }) {
      const call: BackendCall = { method: 'DELETE', path: pathTo(id), about: id, endpoint: 'disconnect' }
      return callBackend<DisconnectAnswer, Revocation>(context, call, ({ revoked, reason }) => {
        if (revoked === true) return { revoked }
        // A backend may leave the reason out: all that is known is that nobody has confirmed it.
        return unrevoked(reason === 'no_endpoint' || reason === 'unreachable' ? reason : 'refused')
      })
    },
    list: () => listConnections(context),
    institutions: (query, cursor) => listInstitutions(context, name, query, cursor),
    fetch: ({ id }, path, init, getToken) =>
      isMediated
        ? authorizedFetch(provider, path, init, getToken, sendBearer(context))
        : fetchThroughBackend(context, id, path, init),
    async userinfo({ details }, getToken) {
      const { sub: subject } = details as { readonly sub?: unknown }
      const { userinfoEndpoint: endpoint } = provider
      if (endpoint === undefined || typeof subject !== 'string')
        throw new TypeError(
          'userinfo() needs to know where to ask and whose claims they must be: give the preset `userinfoEndpoint`, and `details` with "sub" here and at the backend.',
        )
      const { requestUserinfo } = await loadModule(import('./userinfo.js'))
      return requestUserinfo({ endpoint, subject, getToken, send: sendBearer(context) })
    },
  }
}

function begin(
  context: Context,
  name: string,
  provider: Provider,
  { state, codeChallenge, nonce, redirectUri, scope, input, expiresAt }: Transaction,
): Promise<AuthorizationUrl> {
  const shared = { state, code_challenge: codeChallenge, redirect_uri: redirectUri }
  const call: BackendCall<AuthorizationRequest> = {
    ...{
      method: 'POST',
      path: `/${name}/authorization`,
      about: transactionId(state),
      endpoint: 'authorization',
    },
    body: {
      ...{ ...shared, nonce, scope, connection: input.connection, ...toWire(input) },
      input: provider.toInput?.(withoutAppState(input)),
    },
  }
  return callBackend<AuthorizationAnswer, AuthorizationUrl>(context, call, (answer) => {
    const { expires_in: seconds, transaction: handle } = answer
    return {
      url: checkAuthorizationUrl(answer.authorization_url, {
        endpoint: provider.authorizationEndpoint ?? '',
        client_id: provider.clientId,
        ...shared,
      }),
      expiresAt: typeof seconds === 'number' ? context.platform.clock.now() + seconds : expiresAt,
      ...(typeof handle === 'string' && { handle }),
    }
  })
}

/** Wire → access token. */
function toAccessToken(
  { platform: { clock } }: Context,
  { access_token: value, token_type: type, expires_in: seconds }: Partial<AccessTokenAnswer>,
): AccessToken {
  if (!isToken(value) || typeof type !== 'string' || !/^bearer$/i.test(type)) throw invalid('access_token')
  return {
    value,
    expiresAt: typeof seconds === 'number' && seconds >= 0 ? clock.now() + seconds : undefined,
  }
}

/** The connections of the app's user at the providers that this page has too. @throws as every call of the contract */
function listConnections(context: Context): Promise<Connection[]> {
  const call: BackendCall = {
    method: 'GET',
    path: '/connections',
    about: 'connections',
    endpoint: 'connections',
  }
  return callBackend<ConnectionsAnswer, Connection[]>(context, call, ({ connections }) => {
    if (!Array.isArray(connections)) throw invalid('connections')
    const documents = connections as readonly ConnectionDocument[]
    if (!documents.every((document) => Object(document) === document)) throw invalid('connections')
    return documents
      .filter(({ provider }) => hasOwn(context.providers, provider))
      .map((document) => toConnection(document, document.provider, providerOf(context, document.provider)))
  })
}

/** One page of a provider's institutions. @throws as every call of the contract */
function listInstitutions(
  context: Context,
  name: string,
  query: string,
  cursor: string | undefined,
): Promise<InstitutionPage> {
  const parameters = new URLSearchParams({
    ...(query !== '' && { query }),
    ...(cursor !== undefined && { cursor }),
  })
  const call: BackendCall = {
    method: 'GET',
    path: `/${name}/institutions?${String(parameters)}`,
    about: name,
    endpoint: 'institutions',
  }
  return callBackend<InstitutionsAnswer, InstitutionPage>(
    context,
    call,
    ({ institutions, next_cursor: next }) => {
      if (!Array.isArray(institutions)) throw invalid('institutions')
      return {
        institutions: institutions.map(toInstitution),
        nextCursor: typeof next === 'string' ? next : undefined,
      }
    },
  )
}

/** Wire → institution. A logo that is not an https URL, such as a script, is left out. */
function toInstitution(entry: unknown): InstitutionDocument {
  const { id, name, group, logo } = Object(entry) as Partial<InstitutionDocument>
  if (typeof id !== 'string' || typeof name !== 'string') throw invalid('institutions')
  const url = parseSecureUrl(logo, 'browser')
  return { id, name, ...(typeof group === 'string' && { group }), ...(url && { logo: url.href }) }
}

/** Wire → connection: the one place where a connection's names change case. */
export function toConnection(
  document: ConnectionDocument | undefined,
  name: string,
  provider: Provider,
): Connection {
  const {
    id = '',
    status,
    scope = '',
    missing_scope: missing = '',
    created_at: connectedAt = NaN,
    details = {},
  } = document ?? ({} as Partial<ConnectionDocument>)
  const texts: unknown[] = [id, scope, missing]
  if (!document || !texts.every((text) => typeof text === 'string') || !Number.isFinite(connectedAt))
    throw invalid('connection')
  if (id === '' || id.length > 200 || Object(details) !== details) throw invalid('connection')
  const { consent_expires_at: consentExpiresAt, renew_by: renewBy, identity } = document
  return {
    id,
    provider: name,
    status: status === 'reauthorization_required' || status === 'failed' ? status : 'connected',
    grantedScope: parseScope(scope),
    missingScope: parseScope(missing),
    connectedAt,
    // A value that is not a time is left out.
    ...(Number.isFinite(consentExpiresAt) && { consentExpiresAt }),
    ...(Number.isFinite(renewBy) && { renewBy }),
    ...(identity === 'unproven' && { identity }),
    details: provider.toDetails?.(details, document) ?? details,
  }
}
