import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import { startApiture, type ApitureOptions } from '../../../demo/banks/apiture.js'
import type { Bank } from '../../../demo/banks/bank.js'
import { startStandard, type StandardOptions } from '../../../demo/banks/standard.js'
import { startStitch, type StitchOptions } from '../../../demo/banks/stitch.js'
import { createVisitor, type Stop } from './visitor.js'

export const appOrigin = 'http://localhost:5173'
export const redirectUri = `${appOrigin}/callback`

const verifier = 'a-code-verifier-of-forty-three-characters-0'

export type Parameters = Readonly<Record<string, string | undefined>>

export interface Discovery {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly jwks_uri: string
  readonly userinfo_endpoint: string
  readonly revocation_endpoint: string
  readonly pushed_authorization_request_endpoint?: string
  readonly authorization_response_iss_parameter_supported?: boolean
}

export interface Tokens {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope?: string
  readonly id_token?: string
  readonly refresh_token?: string
  readonly error?: string
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: Tokens
}

/** An app at one bank: what a client does, with everything of a request open to change. */
export interface App<B extends Bank = Bank> {
  readonly bank: B
  discover(): Promise<Discovery>
  authorizationUrl(parameters?: Parameters): Promise<string>
  /** Opens the authorization URL without touching a page. */
  open(parameters?: Parameters): Promise<Stop>
  /** Signs in and presses a button of the consent page, with these boxes ticked. */
  decide(action: string, scopes?: readonly string[], parameters?: Parameters): Promise<Stop>
  /** A code of an approved authorization. */
  code(scopes?: readonly string[], parameters?: Parameters): Promise<string>
  redeem(code: string, parameters?: Parameters, headers?: Record<string, string>): Promise<Reply>
  refresh(refreshToken: string, parameters?: Parameters, headers?: Record<string, string>): Promise<Reply>
  /** A whole authorization. */
  connect(scopes?: readonly string[], parameters?: Parameters): Promise<Tokens>
}

export async function openApiture(options: Partial<ApitureOptions> = {}) {
  const bank = await startApiture({ redirectUris: [redirectUri], ...options })
  return createApp(bank, 'openid offline_access banking/read', () => Promise.resolve({}))
}

export async function openStandard(options: Partial<StandardOptions> = {}) {
  const bank = await startStandard({ redirectUris: [redirectUri], ...options })
  return createApp(bank, 'openid accounts offline_access', () => Promise.resolve({}))
}

export async function openStitch(options: Partial<StitchOptions> = {}) {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const key: JWK = { ...(await exportJWK(publicKey)), kid: 'client', alg: 'RS256', use: 'sig' }
  const bank = await startStitch({ redirectUris: [redirectUri], jwks: { keys: [key] }, ...options })
  const tokenEndpoint = `${bank.origin}/connect/token`
  const sign = (claims: Record<string, unknown> = {}) =>
    signAssertion(bank, privateKey, tokenEndpoint, claims)
  const app = createApp(bank, 'openid accounts balances offline_access', async () =>
    authenticate(await sign()),
  )
  return { ...app, signAssertion: sign }
}

export function authenticate(client_assertion: string): Parameters {
  return {
    client_assertion,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  }
}

function signAssertion(
  bank: Bank,
  key: CryptoKey,
  aud: string,
  claims: Record<string, unknown>,
): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  return new SignJWT({ iss: bank.clientId, sub: bank.clientId, aud, jti: randomUUID(), exp, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'client' })
    .sign(key)
}

function createApp<B extends Bank>(
  bank: B,
  scope: string,
  authentication: () => Promise<Parameters>,
): App<B> {
  const directory = bank.issuer.replace(/\/?$/, '/')
  const discover = async () =>
    (await (await fetch(`${directory}.well-known/openid-configuration`)).json()) as Discovery

  const requestTokens = async (parameters: Parameters, headers: Record<string, string> = {}) => {
    const { token_endpoint } = await discover()
    const body = form({ client_id: bank.clientId, ...(await authentication()), ...parameters })
    const response = await fetch(token_endpoint, { method: 'POST', body, headers })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Tokens }
  }

  const app: App<B> = {
    bank,
    discover,
    async authorizationUrl(parameters = {}) {
      const url = new URL((await discover()).authorization_endpoint)
      url.search = form({
        response_type: 'code',
        client_id: bank.clientId,
        redirect_uri: redirectUri,
        scope,
        state: 'abc',
        nonce: 'xyz',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        ...parameters,
      }).toString()
      return url.href
    },
    async open(parameters) {
      return createVisitor(bank.origin).open(await app.authorizationUrl(parameters))
    },
    async decide(action, scopes = scope.split(' '), parameters = {}) {
      const visitor = createVisitor(bank.origin)
      await visitor.open(await app.authorizationUrl(parameters))
      await visitor.signIn()
      return visitor.press(
        action,
        scopes.map((ticked) => ['scope', ticked]),
      )
    },
    async code(scopes, parameters) {
      const { url } = await app.decide('approve', scopes, parameters)
      return url.searchParams.get('code') ?? ''
    },
    redeem: (code, parameters = {}, headers = {}) =>
      requestTokens(
        {
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...parameters,
        },
        headers,
      ),
    refresh: (refresh_token, parameters = {}, headers = {}) =>
      requestTokens({ grant_type: 'refresh_token', refresh_token, ...parameters }, headers),
    async connect(scopes, parameters) {
      return (await app.redeem(await app.code(scopes, parameters))).body
    },
  }
  return app
}

function form(parameters: Parameters): URLSearchParams {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return new URLSearchParams(given)
}
