import * as oauth from 'oauth4webapi'
import {
  calculateCodeChallenge,
  createCodeVerifier,
  createNonce,
  createState,
} from '../../../src/protocol/pkce.js'
import type { Grant, TokenEndpoint } from '../../../src/protocol/token-endpoint.js'
import { createAuthorizationServer, type AuthorizationServer } from '../../support/authorization-server.js'
import { openNetwork } from '../../support/network.js'
import { secret } from '../../support/secrets.js'

export const redirectUri = 'https://app.example/callback/bank'

/** Scenes on one mocked network. Call it once in a test file. */
export function openScenes() {
  const network = openNetwork()

  /** A server, this client's view of it, and a grant for which a person has just consented. */
  return async function scene(scope = 'openid accounts offline_access') {
    const server = createAuthorizationServer()
    network.use(...server.handlers)
    const endpoint: TokenEndpoint = {
      server: { ...(server.metadata as unknown as oauth.AuthorizationServer) },
      clientId: server.clientId,
      authentication: oauth.None(),
      fetch: (url, init) => fetch(url, init),
      now: () => Date.now() / 1000,
      idToken: 'required',
    }
    return { server, endpoint, grant: await consent(server, scope) }
  }
}

/** A grant for which a person has just consented. */
export async function consent(server: AuthorizationServer, scope: string): Promise<Grant> {
  const codeVerifier = secret(createCodeVerifier())
  const nonce = scope.includes('openid') ? secret(createNonce()) : undefined
  const url = new URL(String(server.metadata.authorization_endpoint))
  url.search = String(
    new URLSearchParams({
      response_type: 'code',
      client_id: server.clientId,
      redirect_uri: redirectUri,
      scope,
      state: createState(),
      code_challenge: await calculateCodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(nonce !== undefined && { nonce }),
    }),
  )
  const { code, state, iss } = Object.fromEntries(new URL(server.visit(url.href)).searchParams)
  if (code === undefined || state === undefined) throw new Error('the server gave no code')
  return { code, state, iss, redirectUri, codeVerifier, nonce }
}
