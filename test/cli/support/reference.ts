import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientSecretBasic } from 'oauth4webapi'
import { createBackend, memoryStore, type BackendProvider } from '../../../src/backend/index.js'
import { toNodeListener } from '../../../src/backend/node.js'
import type { CheckOptions, ProviderSettings } from '../../../src/cli/check/options.js'
import { settingsOf } from '../../../src/cli/check/options.js'
import { buildAuthorizationUrl } from '../../../src/protocol/authorization-request.js'
import { revoke } from '../../../src/protocol/revocation.js'
import { redeemCode, refreshTokens, type TokenEndpoint } from '../../../src/protocol/token-endpoint.js'
import { app } from './app.js'

/** A backend that listens. */
export interface Listening {
  readonly baseUrl: string
  readonly close: () => Promise<void>
}

const client = { id: 'check-client', secret: `${crypto.randomUUID()}+&%` }

/** Plain OAuth with PKCE, as a confidential client: what `--settings` of the check describes. */
function plainOAuth(mode: 'mediated' | 'bff', settings: ProviderSettings): BackendProvider {
  const { api, redirect_uri: redirectUri, scope, ...server } = settings
  const endpoint = ({ fetch, now }: Pick<TokenEndpoint, 'fetch' | 'now'>): TokenEndpoint => ({
    server,
    clientId: client.id,
    authentication: ClientSecretBasic(client.secret),
    fetch,
    now,
    idToken: 'optional',
  })
  return {
    label: 'The scripted provider',
    mode,
    redirectUris: [redirectUri],
    scope,
    authorize: async ({ state, codeChallenge, scope: asked }) => ({
      url: buildAuthorizationUrl(server.authorization_endpoint, {
        response_type: 'code',
        client_id: client.id,
        redirect_uri: redirectUri,
        scope: asked,
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      }),
    }),
    redeem: async (redemption, context) => ({ tokens: await redeemCode(endpoint(context), redemption) }),
    refresh: async ({ refreshToken = '' }, context) => ({
      tokens: await refreshTokens(endpoint(context), refreshToken),
    }),
    revoke: ({ refreshToken }, context) => revoke(endpoint(context), [[refreshToken, 'refresh_token']]),
    resources: {
      base: api,
      routes: [
        { method: 'GET', path: '/accounts', query: ['limit'] },
        { method: 'GET', path: '/accounts/{accountId}' },
        { method: 'POST', path: '/payments' },
      ],
    },
  }
}

/** The reference backend with the scripted provider in both modes. `carried`: transactions travel in sealed handles. */
export async function startReference(
  check: Pick<CheckOptions, 'providerPort' | 'redirectUri'>,
  {
    carried = false,
    cors = false,
    rateLimit = false,
  }: { carried?: boolean; cors?: boolean; rateLimit?: boolean } = {},
): Promise<Listening> {
  const backend = createBackend({
    origins: [app],
    cors,
    store: memoryStore(),
    ...(carried && { keys: [Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')] }),
    ...(!rateLimit && { rateLimit: 'off' as const }),
    session: ({ headers }) => {
      const subject = /\bsession=(\w+)/.exec(headers.get('cookie') ?? '')?.[1]
      return subject === undefined ? null : { subject }
    },
    providers: {
      check: plainOAuth('mediated', settingsOf(check, 'check')),
      'check-bff': plainOAuth('bff', settingsOf(check, 'check-bff')),
    },
  })
  await backend.ready
  return listen(createServer(toNodeListener(backend)))
}

/** Serves the contract below /connect on a free port of loopback. */
export async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/connect`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
