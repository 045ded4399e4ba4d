import * as oauth from 'oauth4webapi'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { checkResponseIssuer } from '../../protocol/authorization-response.js'
import { CountersignError, TokenEndpointError } from '../../protocol/errors.js'
import { checkMetadata, discover, type ServerMetadata } from '../../protocol/metadata.js'
import { missingScope, parseScope } from '../../protocol/scope.js'
import {
  redeemCode,
  refreshTokens,
  type CheckedTokens,
  type TokenEndpoint,
} from '../../protocol/token-endpoint.js'
import type { Connection } from '../connection.js'
import type { Context } from '../context.js'
import type { Provider } from '../provider.js'
import type { AccessToken, Channel } from './channel.js'
import { revoke } from '../../protocol/revocation.js'

/** Seconds for which metadata is kept in memory. */
const metadataSeconds = 3600

/** The channel of `browser` mode: this page, as a public client, and the authorization server. */
export function createChannel(context: Context, name: string, provider: Provider): Channel {
  const { clock, fetch } = context.platform
  const { direct = {}, clientId, issuer = '' } = provider
  let known: { readonly server: Promise<ServerMetadata>; readonly until: number } | undefined

  function metadata(): Promise<ServerMetadata> {
    if (known && clock.now() < known.until) return known.server
    const server = direct.metadata
      ? Promise.resolve(checkMetadata(direct.metadata, issuer, direct.origins))
      : discover(fetch, issuer, direct.origins)
    known = { server, until: clock.now() + metadataSeconds }
    server.catch(() => (known = undefined))
    return server
  }

  const endpoint = async (): Promise<TokenEndpoint> => ({
    server: await metadata(),
    clientId,
    authentication: oauth.None(),
    fetch,
    now: clock.now,
    idToken: direct.idToken ?? 'required',
    bearerAliases: direct.bearerAliases ?? [],
  })

  const toAccessToken = ({ accessToken, expiresInSeconds }: CheckedTokens): AccessToken => ({
    value: accessToken,
    expiresAt: expiresInSeconds === undefined ? undefined : clock.now() + expiresInSeconds,
  })

  return {
    async begin({ state, codeChallenge, nonce, redirectUri, scope, expiresAt }) {
      const { authorization_endpoint: authorizationEndpoint = '' } = await metadata()
      const url = buildAuthorizationUrl(authorizationEndpoint, {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      })
      return { url, expiresAt }
    },

    async redeem({ state, codeVerifier, nonce, redirectUri, scope, input }, { code, iss }) {
      const settings = await endpoint()
      checkResponseIssuer(
        iss,
        settings.server.issuer,
        settings.server.authorization_response_iss_parameter_supported ?? false,
      )
      const tokens = await redeemCode(settings, { code, state, iss, redirectUri, codeVerifier, nonce })
      const requested = parseScope(scope)
      const grantedScope = tokens.scope === undefined ? requested : parseScope(tokens.scope)
      const connection: Connection = {
        id: input.connection ?? crypto.randomUUID(),
        provider: name,
        status: 'connected',
        grantedScope,
        missingScope: missingScope(requested, grantedScope),
        connectedAt: clock.now(),
        details: {},
      }
      return {
        connection,
        accessToken: toAccessToken(tokens),
        ...(tokens.refreshToken !== undefined && { refreshToken: tokens.refreshToken }),
      }
    },

    async accessToken({ id }) {
      const held = context.tokens.get(id)
      const gone = new CountersignError(
        'reauthorization_required',
        'The access token is no longer good and there is no refresh token: renew the connection with authorize().',
      )
      if (held?.refreshToken === undefined) throw gone
      try {
        const tokens = await refreshTokens(await endpoint(), held.refreshToken)
        // Replaced before the new access token is handed out: the old refresh token may be spent.
        context.tokens.set(id, { ...held, refreshToken: tokens.refreshToken ?? held.refreshToken })
        return toAccessToken(tokens)
      } catch (error) {
        throw error instanceof TokenEndpointError && error.error === 'invalid_grant' ? gone : error
      }
    },

    async disconnect({ id }) {
      const held = context.tokens.get(id)
      return revoke(await endpoint(), [
        [held?.refreshToken, 'refresh_token'],
        [held?.accessToken?.value, 'access_token'],
      ])
    },

    fetch() {
      throw new TypeError('In browser mode requests go to the API itself.')
    },
  }
}
