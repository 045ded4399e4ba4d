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
import { BackendError, ValidationError, type ErrorCode, type Recovery } from '../../protocol/errors.js'
import { readJsonObject, request } from '../../protocol/http.js'
import { sha256 } from '../../protocol/pkce.js'
import { parseScope } from '../../protocol/scope.js'
import type { Connection } from '../connection.js'
import { providerOf, type Context } from '../context.js'
import type { Provider } from '../provider.js'
import { resourceUrl } from '../resource-url.js'
import type { AccessToken, Channel } from './channel.js'

/** The channel of `mediated` and `bff` providers: this page and the backend contract. */
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  const { clock } = context.platform

  const toAccessToken = ({
    access_token: value,
    token_type: type,
    expires_in: seconds,
  }: Partial<AccessTokenAnswer>): AccessToken => {
    const texts = typeof value === 'string' && typeof type === 'string'
    if (!texts || !/^[\x21-\x7e]{1,16384}$/.test(value) || !/^bearer$/i.test(type))
      throw invalid('access_token')
    return {
      value,
      expiresAt: typeof seconds === 'number' && seconds >= 0 ? clock.now() + seconds : undefined,
    }
  }

  return {
    async begin({ state, codeChallenge, nonce, redirectUri, scope, input, expiresAt }) {
      const ownInput = provider.toInput?.(input)
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
        expiresAt: typeof answer.expires_in === 'number' ? clock.now() + answer.expires_in : expiresAt,
        ...(typeof answer.transaction === 'string' && { handle: answer.transaction }),
      }
    },

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
      return provider.mode === 'mediated' && answer.access_token !== undefined
        ? { connection, accessToken: toAccessToken(answer) }
        : { connection }
    },

    async accessToken({ id }, rejected) {
      const body: AccessTokenRequest = rejected === undefined ? {} : { rejected: await sha256(rejected) }
      return toAccessToken(
        await call<AccessTokenAnswer>(
          context,
          `/connections/${encodeURIComponent(id)}/access-token`,
          'POST',
          body,
        ),
      )
    },

    async disconnect({ id }) {
      const { revoked } = await call<DisconnectAnswer>(
        context,
        `/connections/${encodeURIComponent(id)}`,
        'DELETE',
      )
      return revoked === true
    },

    list: () => listConnections(context),

    ...(provider.mode === 'bff' && {
      fetch: async ({ id }: Connection, path: string, init: RequestInit) => {
        const headers = new Headers(init.headers)
        headers.set(contractHeader, contractVersion)
        const { url, fetch, credentials } = backendOf(context)
        return fetch(resourceUrl(`${url}/connections/${encodeURIComponent(id)}/resource/`, path), {
          referrerPolicy: 'no-referrer',
          ...init,
          redirect: 'error',
          headers,
          credentials,
        })
      },
    }),
  }
}

/** The connections of the app's user at the providers that this page has too. @throws as every call of the contract */
async function listConnections(context: Context): Promise<Connection[]> {
  const { connections } = await call<ConnectionsAnswer>(context, '/connections', 'GET')
  if (!Array.isArray(connections)) throw invalid('connections')
  return (connections as readonly ConnectionDocument[])
    .filter(({ provider }) => Object.hasOwn(context.providers, provider))
    .map((document) => toConnection(document, document.provider, providerOf(context, document.provider)))
}

/** One call of the contract. @throws {BackendError} for an answer that is no success. @throws {NetworkError} without one. */
async function call<Answer>(
  context: Pick<Context, 'backend'>,
  path: string,
  method: string,
  body?: object,
): Promise<Partial<Answer>> {
  const { url, fetch, credentials } = backendOf(context)
  const response = await request(
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
    // Most likely to a sign-in page. Whatever it was, the backend has not answered, so nothing is given up for it.
    throw error instanceof ValidationError ? invalid(error.parameter) : error
  })
  const answer = await readJsonObject(response)
  if (response.ok && answer) return answer as Partial<Answer>
  throw toError(response, answer)
}

function backendOf({ backend }: Pick<Context, 'backend'>): NonNullable<Context['backend']> {
  if (!backend) throw new TypeError('This provider needs a backend: give createClient the `backend` option.')
  return backend
}

/** What an answer means for the page. The sentences are ours: what a backend writes may be anything. */
const refusals: Readonly<Record<string, readonly [ErrorCode, message: string, Recovery]>> = {
  unauthenticated: [
    'sign_in_required',
    "The app's user is not signed in any more: sign in, then call resume().",
    'sign_in',
  ],
  rate_limited: ['rate_limited', 'The backend asks to wait: try again after retryAfterSeconds.', 'resume'],
  reauthorization_required: [
    'reauthorization_required',
    'The provider no longer accepts this connection: renew it with authorize().',
    'authorize',
  ],
  unknown_connection: [
    'unknown_connection',
    'The backend does not know this connection any more: connect again with authorize().',
    'authorize',
  ],
  invalid_grant: [
    'backend_error',
    'The authorization code is no longer good. Start again with authorize().',
    'authorize',
  ],
  transaction_invalid: [
    'backend_error',
    'The transaction is over, or another person signed in at the provider than the one whose connection was to be renewed. Start again with authorize().',
    'authorize',
  ],
  provider_error: [
    'backend_error',
    'The provider refused the request. Start again with authorize().',
    'authorize',
  ],
  provider_unavailable: ['backend_error', 'The provider does not answer. Try again in a while.', 'resume'],
  backend_unavailable: ['backend_error', 'The backend failed. Try again in a while.', 'resume'],
  other: [
    'backend_error',
    'The backend refused the request. Compare its configuration with this page (origin, redirect URI, provider).',
    'configure',
  ],
}

/**
 * The error of an answer. What stands before the backend (a gateway, the app's own sign-in) may have answered in its
 * place and knows nothing of the contract: then the status decides.
 */
function toError({ status, headers }: Response, { error }: Record<string, unknown> = {}): BackendError {
  const word = typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined
  const known = word !== undefined && Object.hasOwn(refusals, word) ? word : byStatus(status)
  const [code, message, recovery] = refusals[known] as (typeof refusals)['other']
  const wait = Number(headers.get('retry-after') ?? NaN)
  return new BackendError(
    code,
    message,
    { error: word, status },
    { recovery, retryAfterSeconds: Number.isFinite(wait) ? wait : undefined },
  )
}

const byStatus = (status: number): string =>
  status === 401
    ? 'unauthenticated'
    : status === 429
      ? 'rate_limited'
      : status >= 500
        ? 'backend_unavailable'
        : 'other'

const invalid = (part: string): ValidationError =>
  new ValidationError(
    'backend_response_invalid',
    part,
    `The backend's answer has no usable ${part}. See the backend contract.`,
    { recovery: 'configure' },
  )

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
    status: status === 'reauthorization_required' ? status : 'connected',
    grantedScope: parseScope(scope),
    missingScope: parseScope(missing),
    connectedAt,
    ...(consentExpiresAt !== undefined && { consentExpiresAt }),
    ...(renewBy !== undefined && { renewBy }),
    details: provider.toDetails?.(details, document) ?? details,
  }
}
