import { checkAuthorizationUrl } from '../../protocol/authorization-request.js'
import {
  contractHeader,
  contractVersion,
  subjectHeader,
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
import { sha256 } from '../../protocol/digest.js'
import { unrevoked } from '../../protocol/revocation-result.js'
import { parseScope } from '../../protocol/scope.js'
import { isToken } from '../../protocol/token.js'
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
import { hasOwn } from '../../protocol/has-own.js'

/** The channel of `mediated` and `bff` providers: this page and the backend contract. */
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  const isMediated = provider.channel.mode === 'mediated'
  return {
    begin: (transaction) => begin(context, name, provider, transaction),
    async redeem({ state, codeVerifier, handle }, { code, iss }) {
      const body = { code, state, code_verifier: codeVerifier, iss, transaction: handle }
      const answer = await call<TokenAnswer, TokenRequest>(context, `/${name}/token`, 'POST', body)
      return {
        connection: toConnection(answer.connection, name, provider),
        ...(isMediated &&
          answer.access_token !== undefined && { accessToken: toAccessToken(context, answer) }),
      }
    },
    async accessToken({ id }, rejected) {
      const body = { rejected: rejected === undefined ? rejected : await sha256(rejected) }
      const path = `${pathTo(id)}/access-token`
      return toAccessToken(
        context,
        await call<AccessTokenAnswer, AccessTokenRequest>(context, path, 'POST', body),
      )
    },
    async disconnect({ id }) {
      const { revoked, reason } = await call<DisconnectAnswer>(context, pathTo(id), 'DELETE')
      if (revoked === true) return { revoked }
      // A backend may leave the reason out: all that is known is that nobody has confirmed it.
      return unrevoked(reason === 'no_endpoint' || reason === 'unreachable' ? reason : 'refused')
    },
    list: () => listConnections(context),
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

/** Path of a connection below the contract's base. */
const pathTo = (id: string): string => `/connections/${encodeURIComponent(id)}`

async function begin(
  context: Context,
  name: string,
  provider: Provider,
  { state, codeChallenge, nonce, redirectUri, scope, input, expiresAt }: Transaction,
): Promise<AuthorizationUrl> {
  if ((input.acrValues ?? input.maxAgeSeconds) !== undefined)
    throw new TypeError(
      '`acrValues` and `maxAgeSeconds` go with `browser` mode: with a backend, ask for them in its provider.',
    )
  const shared = { state, code_challenge: codeChallenge, redirect_uri: redirectUri }
  const answer = await call<AuthorizationAnswer, AuthorizationRequest>(
    context,
    `/${name}/authorization`,
    'POST',
    {
      ...{ ...shared, nonce, scope, connection: input.connection },
      input: provider.toInput?.(withoutAppState(input)),
    },
  )
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

/** A request to the provider's API by way of the backend, which adds the token. */
async function fetchThroughBackend(
  context: Context,
  id: string,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const { url, fetch, credentials } = backendOf(context)
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(await contractHeaders(context))) headers.set(name, value)
  return fetch(resourceUrl(`${url}${pathTo(id)}/resource/`, path), {
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
    .filter(({ provider }) => hasOwn(context.providers, provider))
    .map((document) => toConnection(document, document.provider, providerOf(context, document.provider)))
}

/** Members that JSON leaves out where they are `undefined`. */
type Sendable<Body> = { readonly [Name in keyof Body]: Body[Name] | undefined }

/**
 * One call of the contract.
 *
 * @throws {BackendError} for an answer that is no success, or of something that is no backend.
 * @throws {NetworkError} when no answer came.
 */
async function call<Document, Body extends object = never>(
  context: Context,
  path: string,
  method: string,
  body?: Sendable<Body>,
): Promise<Partial<Document>> {
  const { url, fetch, credentials } = backendOf(context)
  const answer = await request(
    fetch,
    url + path,
    {
      method,
      credentials,
      headers: { ...(await contractHeaders(context)), ...(body && { 'content-type': 'application/json' }) },
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

/**
 * The headers of every request. The cookie may be another user's than the one this page knows: the backend does nothing
 * then. An app without users of its own has no id to compare.
 */
async function contractHeaders({ subject }: Context): Promise<Readonly<Record<string, string>>> {
  const user = subject()
  return { [contractHeader]: contractVersion, ...(user && { [subjectHeader]: await sha256(user) }) }
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
  const { consent_expires_at: consentExpiresAt, renew_by: renewBy, identity } = document
  return {
    id,
    provider: name,
    status: status === 'reauthorization_required' || status === 'failed' ? status : 'connected',
    grantedScope: parseScope(scope),
    missingScope: parseScope(missing),
    connectedAt,
    ...(consentExpiresAt !== undefined && { consentExpiresAt }),
    ...(renewBy !== undefined && { renewBy }),
    ...(identity === 'unproven' && { identity }),
    details: provider.toDetails?.(details, document) ?? details,
  }
}
