import type { DPoPHandle } from 'oauth4webapi'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import type { AuthorizationResponse } from '../../protocol/authorization-response.js'
import { buildCodeRequest, offlinePrompt } from '../../protocol/code-request.js'
import { checkOffers, pushes } from '../../protocol/offers.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import { revoke } from '../../protocol/revocation.js'
import type { Revocation } from '../../protocol/revocation-result.js'
import { missingScope } from '../../protocol/missing-scope.js'
import { parseScope } from '../../protocol/scope.js'
import { prefetchKeys } from '../../protocol/signing-keys.js'
import { redeemCode } from '../../protocol/token-endpoint.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import type { Connection, ConnectionRecord } from '../records/connection.js'
import { connectionKey, tokensKey } from '../records/keys.js'
import { readTokens, writeTokens, type StoredTokens } from '../records/tokens.js'
import type { Transaction } from '../records/transaction.js'
import { authorizedFetch, sendBearer, type SendWithToken } from './authorized-fetch.js'
import { loadModule } from '../load-module.js'
import { storeOwn } from './own-tokens.js'
import type { AuthorizationUrl, Channel, GetToken, Redeemed, Userinfo } from './channel.js'
import { explainOtherPerson, explainRefusedClient } from './explain.js'
import { createDirectClient, type DirectClient } from './direct-client.js'
import { refreshAccessToken, toStoredTokens } from './direct-refresh.js'

/** The channel of `browser` mode: this page, as a public client, and the authorization server. */
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  const client = createDirectClient(context, name, provider)
  const send = client.settings.dpop ? sendProven(client) : sendBearer(context)
  return {
    begin: (transaction) => begin(client, transaction),
    ready: client.endpoint,
    redeem: (transaction, response) => redeem(client, transaction, response),
    accessToken: ({ id }, rejected) => refreshAccessToken(client, id, rejected),
    disconnect: (connection) => disconnect(client, connection),
    revoke: (tokens) => revokeTokens(client, tokens),
    fetch: (_connection, path, init, getToken) => authorizedFetch(provider, path, init, getToken, send),
    userinfo: (connection, getToken) => userinfo(client, connection, getToken, send),
  }
}

async function userinfo(
  client: DirectClient,
  { id }: Connection,
  getToken: GetToken,
  send: SendWithToken,
): Promise<Userinfo> {
  const [{ server }, person, { requestUserinfo }] = await Promise.all([
    client.endpoint(),
    findPerson(client.context, id),
    loadModule(import('./userinfo.js')),
  ])
  const { userinfo_endpoint: endpoint } = server
  if (endpoint === undefined)
    throw new TypeError(
      "The authorization server's metadata has no userinfo endpoint that this page may call. If it lies on another origin, name that in `origins`.",
    )
  // A server without ID Tokens names nobody to compare with: the token came from it over TLS.
  if (person?.subject === undefined && client.settings.idToken !== 'optional')
    throw new TypeError(
      'No ID Token said who the person is, so userinfo cannot be checked: add "openid" to the scope.',
    )
  return requestUserinfo({ endpoint, subject: person?.subject, getToken, send })
}

async function begin(client: DirectClient, transaction: Transaction): Promise<AuthorizationUrl> {
  const { context, provider, settings } = client
  client.reopenDpop()
  const endpoint = await client.endpoint()
  const { server } = endpoint
  checkOffers(settings, server)
  const { authorization_endpoint: authorizationEndpoint = '' } = server
  const extra = {
    ...(settings.consentsToOfflineAccess && offlinePrompt(transaction.scope)),
    ...settings.parameters,
  }
  const parameters = {
    ...buildCodeRequest({ ...transaction, clientId: provider.clientId }),
    ...(endpoint.dpop && { dpop_jkt: await endpoint.dpop.calculateThumbprint() }),
  }
  if (!pushes(settings, server))
    return {
      url: buildAuthorizationUrl(authorizationEndpoint, parameters, extra),
      expiresAt: transaction.expiresAt,
    }
  const { pushAuthorizationRequest } = await import('../../protocol/pushed-authorization.js')
  const pushed = await pushAuthorizationRequest(endpoint, { ...extra, ...parameters }).catch(
    (error: unknown) => explainRefusedClient(server, error),
  )
  return {
    url: buildAuthorizationUrl(authorizationEndpoint, {
      client_id: provider.clientId,
      request_uri: pushed.requestUri,
    }),
    expiresAt: context.platform.clock.now() + pushed.expiresInSeconds,
  }
}

async function redeem(
  client: DirectClient,
  { state, codeVerifier, nonce, redirectUri, scope, input }: Transaction,
  { code, iss }: AuthorizationResponse & { readonly code: string },
): Promise<Redeemed> {
  const { context, name, provider, settings } = client
  const [endpoint, renewed] = await Promise.all([client.endpoint(), findPerson(context, input.connection)])
  const { fetch, clock } = context.platform
  if (nonce !== undefined) prefetchKeys(endpoint.server, (url, init) => fetch(url, init), clock.now)
  const checked = await redeemCode(endpoint, {
    code,
    state,
    iss,
    redirectUri,
    codeVerifier,
    nonce,
    subject: renewed?.subject,
  }).catch((error: unknown) =>
    renewed ? explainOtherPerson(endpoint.server, error) : explainRefusedClient(endpoint.server, error),
  )
  const requested = parseScope(scope)
  const grantedScope = checked.scope === undefined ? requested : parseScope(checked.scope)
  const connection: Connection = {
    // Disconnected meanwhile, if there is none: then it is a new one.
    id: renewed?.id ?? crypto.randomUUID(),
    provider: name,
    status: 'connected',
    grantedScope,
    missingScope: missingScope(requested, grantedScope, {
      refreshToken: checked.refreshToken,
      sub: checked.claims?.sub,
    }),
    connectedAt: context.platform.clock.now(),
    details: pickClaims(checked.claims, settings.details),
  }
  const tokens = toStoredTokens(client, checked)
  return {
    connection,
    accessToken: { value: checked.accessToken, expiresAt: tokens.expiresAt },
    ...(tokens.refreshToken !== undefined && { refreshToken: tokens.refreshToken }),
    idTokenSubject: tokens.idTokenSubject,
    ...(provider.channel.keepsTokens
      ? { stored: { [tokensKey(connection.id)]: tokens } }
      : {
          binding: JSON.stringify([provider.issuer, provider.clientId, provider.api]),
          storeOwn: (record, write) =>
            storeOwn(context, record, write, {
              isNew: renewed === undefined,
              revoke: (held) => revokeTokens(client, held),
            }),
        }),
  }
}

/** A connection, and whose it is: another person's tokens must not come under its id. */
async function findPerson(
  { platform }: Context,
  id: string | undefined,
): Promise<{ readonly id: string; readonly subject: string | undefined } | undefined> {
  if (id === undefined) return undefined
  const record = (await platform.database.get(connectionKey(id))) as ConnectionRecord | undefined
  return record && { id, subject: record.idTokenSubject ?? (await readTokens(platform, id))?.idTokenSubject }
}

async function disconnect(client: DirectClient, { id }: Connection): Promise<Revocation> {
  const { platform, tokens } = client.context
  const held = tokens.get(id)
  // There may be some although none are kept any more.
  const stored = await readTokens(platform, id)
  await writeTokens(platform, id, undefined)
  return revokeTokens(client, {
    refreshToken: stored?.refreshToken ?? held?.refreshToken,
    accessToken: stored?.accessToken ?? held?.accessToken?.value,
  })
}

const revokeTokens = async (
  { endpoint }: DirectClient,
  { refreshToken, accessToken }: Pick<StoredTokens, 'refreshToken' | 'accessToken'>,
): Promise<Revocation> =>
  revoke(await endpoint(), [
    [refreshToken, 'refresh_token'],
    [accessToken, 'access_token'],
  ])

/** Sends a token that is bound to this browser's key. @see https://www.rfc-editor.org/rfc/rfc9449.html#section-7 */
const sendProven =
  ({ context, dpop }: DirectClient): SendWithToken =>
  async (url, init, token) => {
    const [{ sendWithProof }, handle] = await Promise.all([import('./dpop.js'), dpop()])
    return sendWithProof(context, handle as DPoPHandle, url, init, token)
  }
