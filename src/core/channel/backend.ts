import { checkAuthorizationUrl } from '../../protocol/authorization-request.js'
import {
  contractHeader,
  contractVersion,
  type AccessTokenAnswer,
  type AccessTokenRequest,
  type AuthorizationAnswer,
  type AuthorizationRequest,
  type ConnectionDocument,
  type ConnectionsAnswer,
  type DisconnectAnswer,
  type TokenAnswer,
  type TokenRequest,
} from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import { readJsonObject, request, type Fetch } from '../../protocol/http.js'
import { sha256 } from '../../protocol/pkce.js'
import { unrevoked } from '../../protocol/revocation-result.js'
import { parseScope } from '../../protocol/scope.js'
import { withoutAppState } from '../app-state.js'
import type { Connection } from '../records/connection.js'
import { providerOf, type Context } from '../context.js'
import type { Provider } from '../provider.js'
import { loadModule } from '../load-module.js'
import { resourceUrl } from './resource-url.js'
import { invalid, notFound, toError } from './backend-error.js'
import type { Transaction } from '../records/transaction.js'
import { authorizedFetch, sendBearer } from './authorized-fetch.js'
import type { AuthorizationUrl, Channel } from './channel.js'
import type { AccessToken } from '../held-tokens.js'

/** The channel of `mediated` and `bff` providers: this page and the backend contract. */
// eslint-disable-next-line max-lines-per-function -- one short member a request of the contract
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  return {
    begin: (transaction) => begin(context, name, provider, transaction),

    async redeem({ state, codeVerifier, handle }, { code, iss }) {
      const body: TokenRequest = {
        code,
        state,
        code_verifier: codeVerifier,
        ...(iss !== undefined && { iss }),
        ...(handle !== undefined && { transaction: handle }),
      }
      const answer = await call<TokenAnswer>(context, `/${name}/token`, 'POST', body)
      const connection = toConnection(answer.connection, name, provider)
      return provider.channel.mode === 'mediated' && answer.access_token !== undefined
        ? { connection, accessToken: toAccessToken(context, answer) }
        : { connection }
    },

    async accessToken({ id }, rejected) {
      const body: AccessTokenRequest = rejected === undefined ? {} : { rejected: await sha256(rejected) }
      return toAccessToken(
        context,
        await call<AccessTokenAnswer>(
          context,
          `/connections/${encodeURIComponent(id)}/access-token`,
          'POST',
          body,
        ),
      )
    },

    async disconnect({ id }) {
      const { revoked, reason } = await call<DisconnectAnswer>(
        context,
        `/connections/${encodeURIComponent(id)}`,
        'DELETE',
      )
      if (revoked === true) return { revoked }
      // A backend may leave the reason out: all that is known is that nobody has confirmed it.
      return unrevoked(reason === 'no_endpoint' || reason === 'unreachable' ? reason : 'refused')
    },

    list: () => listConnections(context),

    fetch: ({ id }, path, init, getToken) =>
      provider.channel.mode === 'bff'
        ? fetchThroughBackend(context, id, path, init)
        : authorizedFetch(provider, path, init, getToken, sendBearer(context)),

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

async function begin(
  context: Context,
  name: string,
  provider: Provider,
  { state, codeChallenge, nonce, redirectUri, scope, input, expiresAt }: Transaction,
): Promise<AuthorizationUrl> {
  const ownInput = provider.toInput?.(withoutAppState(input))
  const body: AuthorizationRequest = {
    state,
    code_challenge: codeChallenge,
    ...(nonce !== undefined && { nonce }),
    redirect_uri: redirectUri,
    scope,
    ...(input.connection !== undefined && { connection: input.connection }),
    ...(ownInput && { input: ownInput }),
  }
  const answer = await call<AuthorizationAnswer>(context, `/${name}/authorization`, 'POST', body)
  const url = checkAuthorizationUrl(answer.authorization_url, {
    endpoint: provider.authorizationEndpoint ?? '',
    client_id: provider.clientId,
    state,
    code_challenge: codeChallenge,
    redirect_uri: redirectUri,
  })
  return {
    url,
    expiresAt:
      typeof answer.expires_in === 'number' ? context.platform.clock.now() + answer.expires_in : expiresAt,
    ...(typeof answer.transaction === 'string' && { handle: answer.transaction }),
  }
}

/** Wire → access token. */
function toAccessToken(
  { platform: { clock } }: Context,
  { access_token: value, token_type: type, expires_in: seconds }: Partial<AccessTokenAnswer>,
): AccessToken {
  const texts = typeof value === 'string' && typeof type === 'string'
  if (!texts || !/^[\x21-\x7e]{1,16384}$/.test(value) || !/^bearer$/i.test(type))
    throw invalid('access_token')
  return {
    value,
    expiresAt: typeof seconds === 'number' && seconds >= 0 ? clock.now() + seconds : undefined,
  }
}

/** A request to the provider's API by way of the backend, which adds the token. */
async function fetchThroughBackend(
  context: Context,
  id: string,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const { url, fetch, credentials } = backendOf(context)
  const headers = new Headers(init.headers)
  headers.set(contractHeader, contractVersion)
  return fetch(resourceUrl(`${url}/connections/${encodeURIComponent(id)}/resource/`, path), {
    referrerPolicy: 'no-referrer',
    ...init,
    redirect: 'error',
    headers,
    credentials,
  })
}

/** The connections of the app's user at the providers that this page has too. @throws as every call of the contract */
async function listConnections(context: Context): Promise<Connection[]> {
  const { connections } = await call<ConnectionsAnswer>(context, '/connections', 'GET')
  if (!Array.isArray(connections)) throw invalid('connections')
  return (connections as readonly ConnectionDocument[])
    .filter(({ provider }) => Object.hasOwn(context.providers, provider))
    .map((document) => toConnection(document, document.provider, providerOf(context, document.provider)))
}

/**
 * One call of the contract.
 *
 * @throws {BackendError} for an answer that is no success, or of something that is no backend.
 * @throws {NetworkError} when no answer came.
 */
async function call<Document>(
  context: Context,
  path: string,
  method: string,
  body?: object,
): Promise<Partial<Document>> {
  const { url, fetch, credentials } = backendOf(context)
  const answer = await request(
    fetch,
    url + path,
    {
      method,
      credentials,
      headers: { [contractHeader]: contractVersion, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    },
    { timeoutSeconds: 30 },
  ).catch((error: unknown) => {
    if (!(error instanceof ValidationError)) throw error
    // A redirect, most likely to a sign-in page. Whatever it was, the backend has not answered, so nothing is given up for it.
    throw error.parameter === 'status' ? notFound(pathOf(url), 0) : invalid(error.parameter)
  })
  const document = readJsonObject(answer)
  if (answer.response.ok && document) return document as Partial<Document>
  throw toError(answer.response, pathOf(url), document)
}

/** The path of the contract's base, as the sentences name it: the rest of a URL may hold anything. */
const pathOf = (url: string): string => new URL(url).pathname

/** The backend's absolute URL, without a slash at the end, and the `fetch` that reaches it. */
function backendOf({ backend, platform: { fetch, navigation } }: Context): {
  readonly url: string
  readonly fetch: Fetch
  /** Cookies go along, unless the app brings its own `fetch`. */
  readonly credentials: RequestCredentials
} {
  if (!backend) throw new TypeError('This provider needs a backend: give createClient the `backend` option.')
  const own = typeof backend === 'string' ? { url: backend } : backend
  const url = new URL(own.url, navigation.url()).href.replace(/\/+$/, '')
  return { url, fetch: own.fetch ?? fetch, credentials: own.fetch ? 'omit' : 'include' }
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
    created_at: connectedAt,
    details = {},
  } = document ?? ({} as Partial<ConnectionDocument>)
  const texts: unknown[] = [id, scope, missing]
  if (!document || !texts.every((text) => typeof text === 'string') || typeof connectedAt !== 'number')
    throw invalid('connection')
  if (id === '' || id.length > 200) throw invalid('connection')
  const { consent_expires_at: consentExpiresAt, renew_by: renewBy } = document
  return {
    id,
    provider: name,
    status: status === 'reauthorization_required' || status === 'failed' ? status : 'connected',
    grantedScope: parseScope(scope),
    missingScope: parseScope(missing),
    connectedAt,
    ...(consentExpiresAt !== undefined && { consentExpiresAt }),
    ...(renewBy !== undefined && { renewBy }),
    details: provider.toDetails?.(details, document) ?? details,
  }
}
