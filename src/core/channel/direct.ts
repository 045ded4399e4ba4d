import * as oauth from 'oauth4webapi'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { CountersignError, NetworkError, TokenEndpointError } from '../../protocol/errors.js'
import { cacheMetadata } from '../../protocol/metadata-cache.js'
import { checkMetadata, discover } from '../../protocol/metadata.js'
import { revoke } from '../../protocol/revocation.js'
import { missingScope, parseScope } from '../../protocol/scope.js'
import {
  redeemCode,
  refreshTokens,
  type RefreshedTokens,
  type TokenEndpoint,
} from '../../protocol/token-endpoint.js'
import type { Connection, ConnectionRecord } from '../records/connection.js'
import { connectionKey, tokensKey } from '../records/keys.js'
import type { Context } from '../context.js'
import type { ConnectionTokens } from '../held-tokens.js'
import type { Provider } from '../provider.js'
import type { Transaction } from '../records/transaction.js'
import type { Channel } from './channel.js'
import { keepsTokens, readTokens, replaceTokens, writeTokens, type StoredTokens } from '../records/tokens.js'

/** People's clocks are wrong more often than servers'; the nonce is what keeps an old ID Token out. */
const clockToleranceSeconds = 600

/** A clock that was set wrong meanwhile must not cost the connection: the old refresh token is spent by then. */
const refreshToleranceSeconds = 24 * 3600

/** Seconds to wait for another tab that refreshes the same connection. */
const refreshSeconds = 45

/** The channel of `browser` mode: this page, as a public client, and the authorization server. */
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  const { clock, fetch, tabs } = context.platform
  const { direct = {}, clientId, issuer = '' } = provider
  const persistent = keepsTokens(provider)
  const metadata = cacheMetadata(async (reach) =>
    direct.metadata
      ? checkMetadata(direct.metadata, issuer, direct.origins)
      : discover(reach.fetch, issuer, direct.origins),
  )
  let dpopHandle: Promise<oauth.DPoPHandle> | undefined

  async function dpop(): Promise<oauth.DPoPHandle | undefined> {
    if (!direct.dpop) return undefined
    dpopHandle ??= import('./dpop.js').then(({ openDpop }) => openDpop(context, name, clientId))
    dpopHandle.catch(() => (dpopHandle = undefined))
    return dpopHandle
  }

  const endpoint = async (): Promise<TokenEndpoint> => ({
    server: await metadata({ fetch, now: clock.now }),
    clientId,
    authentication: oauth.None(),
    fetch,
    now: clock.now,
    clockToleranceSeconds,
    idToken: direct.idToken ?? 'required',
    bearerAliases: direct.bearerAliases ?? [],
    dpop: await dpop(),
  })

  const toStored = (
    { accessToken, expiresInSeconds, refreshToken, claims }: RefreshedTokens,
    previous: Pick<StoredTokens, 'refreshToken' | 'idTokenSubject'> = { refreshToken: undefined },
  ): StoredTokens => ({
    v: 1,
    accessToken,
    expiresAt: expiresInSeconds === undefined ? undefined : clock.now() + expiresInSeconds,
    refreshToken: direct.refresh === false ? undefined : (refreshToken ?? previous.refreshToken),
    idTokenSubject: previous.idTokenSubject ?? claims?.sub,
  })

  async function authorizationUrl({
    state,
    codeChallenge,
    nonce,
    redirectUri,
    scope,
    expiresAt,
  }: Transaction) {
    // The page that the person comes back to knows the stored key only: read anew, in case storage was cleared.
    dpopHandle = undefined
    const settings = await endpoint()
    const { authorization_endpoint: authorizationEndpoint = '' } = settings.server
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state,
      ...(nonce !== undefined && { nonce }),
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
      ...(settings.dpop && { dpop_jkt: await settings.dpop.calculateThumbprint() }),
    }
    if (!direct.par)
      return { url: buildAuthorizationUrl(authorizationEndpoint, parameters, direct.parameters), expiresAt }
    const { pushAuthorizationRequest } = await import('../../protocol/pushed-authorization.js')
    const pushed = await pushAuthorizationRequest(settings, { ...direct.parameters, ...parameters })
    return {
      url: buildAuthorizationUrl(authorizationEndpoint, {
        client_id: clientId,
        request_uri: pushed.requestUri,
      }),
      expiresAt: clock.now() + pushed.expiresInSeconds,
    }
  }

  /** @throws {CountersignError} `reauthorization_required` when the server refuses the refresh token. */
  async function refresh(
    previous: Pick<ConnectionTokens, 'refreshToken' | 'idTokenSubject'>,
  ): Promise<StoredTokens> {
    const { refreshToken, idTokenSubject } = previous
    if (refreshToken === undefined) throw gone()
    try {
      const settings = { ...(await endpoint()), clockToleranceSeconds: refreshToleranceSeconds }
      return toStored(await refreshTokens(settings, refreshToken, idTokenSubject), {
        refreshToken,
        idTokenSubject,
      })
    } catch (error) {
      throw error instanceof TokenEndpointError && error.error === 'invalid_grant' ? gone() : error
    }
  }

  /** A refresh of what only this page knows. */
  async function refreshOwn(id: string): Promise<StoredTokens> {
    const tokens = await refresh(context.tokens.get(id) ?? {})
    context.tokens.update(id, { refreshToken: tokens.refreshToken })
    return tokens
  }

  /**
   * One tab refreshes; the others wait for the lock and then find what it stored. The new tokens are committed before
   * anybody gets them, because the old ones may be spent.
   */
  async function refreshShared(id: string, rejected: string | undefined): Promise<StoredTokens> {
    const before = await readTokens(context, id)
    const work = async (): Promise<StoredTokens> => {
      const stored = await readTokens(context, id)
      if (!stored) throw gone()
      const { accessToken, expiresAt = Infinity, refreshToken, unanswered = 0 } = stored
      if (accessToken !== undefined && accessToken !== rejected && expiresAt - clock.now() > 5) return stored
      // Another tab got nothing while this one waited. Without an answer the server may have replaced the refresh token: to
      // send it again is the next demand's risk, not this one's.
      if (unanswered > (before?.unanswered ?? 0)) throw notNow()
      try {
        const fresh = await refresh(stored)
        const next = fresh.accessToken === undefined ? { ...fresh, unanswered: unanswered + 1 } : fresh
        const tokens = await replaceTokens(context, id, refreshToken, next)
        if (!tokens) throw gone()
        return tokens
      } catch (error) {
        const { code } = error as { readonly code?: unknown }
        if (code === 'reauthorization_required') await replaceTokens(context, id, refreshToken, undefined)
        if (code === 'network_error')
          await replaceTokens(context, id, refreshToken, { ...stored, unanswered: unanswered + 1 })
        throw error
      }
    }
    try {
      return await tabs.lock(`refresh:${id}`, refreshSeconds, work)
    } catch (error) {
      throw error instanceof DOMException && error.name === 'TimeoutError' ? notNow() : error
    }
  }

  return {
    begin: authorizationUrl,

    ready: endpoint,

    async redeem({ state, codeVerifier, nonce, redirectUri, scope, input }, { code, iss }) {
      const settings = await endpoint()
      const renewed = await findRenewed(context, input.connection)
      const checked = await redeemCode(settings, {
        code,
        state,
        iss,
        redirectUri,
        codeVerifier,
        nonce,
        subject: renewed?.subject,
      })
      const requested = parseScope(scope)
      const grantedScope = checked.scope === undefined ? requested : parseScope(checked.scope)
      const connection: Connection = {
        // Disconnected meanwhile, if there is none: then it is a new one.
        id: renewed?.id ?? crypto.randomUUID(),
        provider: name,
        status: 'connected',
        grantedScope,
        missingScope: missingScope(requested, grantedScope),
        connectedAt: clock.now(),
        details: {},
      }
      const tokens = toStored(checked)
      return {
        connection,
        accessToken: { value: checked.accessToken, expiresAt: tokens.expiresAt },
        ...(tokens.refreshToken !== undefined && { refreshToken: tokens.refreshToken }),
        idTokenSubject: tokens.idTokenSubject,
        ...(persistent && { stored: { [tokensKey(connection.id)]: tokens } }),
      }
    },

    async accessToken({ id }, rejected) {
      const { accessToken, expiresAt } = persistent ? await refreshShared(id, rejected) : await refreshOwn(id)
      if (accessToken === undefined) throw notNow()
      return { value: accessToken, expiresAt }
    },

    async disconnect({ id }) {
      const held = context.tokens.get(id)
      const stored = persistent ? await readTokens(context, id) : undefined
      await writeTokens(context, id, undefined)
      return revoke(await endpoint(), [
        [stored?.refreshToken ?? held?.refreshToken, 'refresh_token'],
        [stored?.accessToken ?? held?.accessToken?.value, 'access_token'],
      ])
    },

    ...(direct.dpop && {
      send: async (
        url: string,
        init: RequestInit,
        token: { value: string; expiresAt: number | undefined },
      ) => {
        const [{ sendWithProof }, handle] = await Promise.all([import('./dpop.js'), dpop()])
        return sendWithProof(context, handle as oauth.DPoPHandle, url, init, token)
      },
    }),
  }
}

/** The connection that is to be renewed, and whose it is: another person's tokens must not come under its id. */
async function findRenewed(context: Context, id: string | undefined) {
  if (id === undefined) return undefined
  const record = (await context.platform.database.get(connectionKey(id))) as ConnectionRecord | undefined
  return record && { id, subject: record.idTokenSubject ?? (await readTokens(context, id))?.idTokenSubject }
}

const gone = (): CountersignError =>
  new CountersignError(
    'reauthorization_required',
    'The access token is no longer good and cannot be refreshed: renew the connection with authorize().',
  )

const notNow = (): NetworkError =>
  new NetworkError(
    'The access token could not be refreshed: no answer came, or no keys to check it with. Try again.',
  )
