import type { DPoPHandle } from 'oauth4webapi'
import { askedChecks, parametersOfChecks, refuseWithoutIdToken } from '../../protocol/asked-checks.js'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { buildCodeRequest, offlinePrompt } from '../../protocol/code-request.js'
import { checkOffers, pushes } from '../../protocol/offers.js'
import { unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { checkCanVerify } from '../../protocol/verify-id-token.js'
import { refuseReserved } from '../../protocol/reserved-parameters.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import type { Connection } from '../records/connection.js'
import { isBoundTo } from '../records/binding.js'
import { readTokens, writeTokens } from '../records/tokens.js'
import type { Transaction } from '../records/transaction.js'
import { authorizedFetch, sendBearer, type SendWithToken } from './authorized-fetch.js'
import { loadModule } from '../load-module.js'
import type { AuthorizationUrl, Channel, GetToken, Userinfo } from './channel.js'
import { explainRefusedClient } from './explain.js'
import { createDirectClient, type DirectClient } from './direct-client.js'
import { findPerson, redeem, revokeTokens } from './direct-redeem.js'
import { refreshAccessToken } from './direct-refresh.js'

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
    // Those of another server are sent to nobody.
    revoke: async (tokens) =>
      isBoundTo(tokens.binding, provider) ? revokeTokens(client, tokens) : unrevoked('no_endpoint'),
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
    findPerson(client, id),
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
  const [endpoint, renewed] = await Promise.all([
    client.endpoint(),
    findPerson(client, transaction.input.connection),
  ])
  const { server } = endpoint
  const { nonce } = transaction
  checkOffers(settings, server)
  const { authorization_endpoint: authorizationEndpoint = '' } = server
  const extra = {
    ...(settings.consentsToOfflineAccess && offlinePrompt(transaction.scope)),
    ...settings.parameters,
    ...parametersOfChecks(transaction.input),
  }
  checkCanVerify(endpoint, { code: '', nonce, subject: renewed?.subject, ...askedChecks(extra) })
  refuseReserved(extra)
  refuseWithoutIdToken(extra, nonce)
  const parameters = {
    ...buildCodeRequest({ ...transaction, clientId: provider.clientId }),
    ...(endpoint.dpop && { dpop_jkt: await endpoint.dpop.calculateThumbprint() }),
  }
  const promise = {
    promisesIss: server.authorization_response_iss_parameter_supported ?? false,
  }
  if (!pushes(settings, server))
    return {
      ...promise,
      url: buildAuthorizationUrl(authorizationEndpoint, parameters, extra),
      expiresAt: transaction.expiresAt,
    }
  const { pushAuthorizationRequest } = await import('../../protocol/pushed-authorization.js')
  const pushed = await pushAuthorizationRequest(endpoint, { ...extra, ...parameters }).catch(
    (error: unknown) => explainRefusedClient(server, error),
  )
  return {
    ...promise,
    url: buildAuthorizationUrl(authorizationEndpoint, {
      client_id: provider.clientId,
      request_uri: pushed.requestUri,
    }),
    expiresAt: context.platform.clock.now() + pushed.expiresInSeconds,
  }
}

async function disconnect(client: DirectClient, { id }: Connection): Promise<Revocation> {
  const { platform, tokens } = client.context
  const held = tokens.get(id)
  // There may be some although none are kept any more.
  const stored = await readTokens(platform, id)
  await writeTokens(platform, id, undefined)
  // They are another server's: they are forgotten, and sent to nobody.
  if (!isBoundTo(stored?.binding, client.provider)) return unrevoked('no_endpoint')
  return revokeTokens(client, {
    refreshToken: stored?.refreshToken ?? held?.refreshToken,
    accessToken: stored?.accessToken ?? held?.accessToken?.value,
  })
}

/** Sends a token that is bound to this browser's key. @see https://www.rfc-editor.org/rfc/rfc9449.html#section-7 */
const sendProven =
  ({ context, dpop }: DirectClient): SendWithToken =>
  async (url, init, token) => {
    const [{ sendWithProof }, handle] = await Promise.all([import('./dpop.js'), dpop()])
    return sendWithProof(context, handle as DPoPHandle, url, init, token)
  }
