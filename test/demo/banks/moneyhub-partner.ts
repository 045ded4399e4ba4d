import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import type { Bank } from '../../../demo/banks/bank.js'
import { startMoneyhub, type MoneyhubOptions } from '../../../demo/banks/moneyhub.js'
import type { Parameters, Tokens } from './support.js'
import { createVisitor, type Stop } from './visitor.js'

export const redirectUri = 'http://localhost:5173/callback/moneyhub'
export const mockBank = '1ffe704d39629a929c8e293880fb449a'

const verifier = 'a-code-verifier-of-forty-three-characters-0'

export interface Answer<T = Record<string, unknown>> {
  readonly status: number
  readonly headers: Headers
  readonly body: T
}

/** The claims parameter, as the documents show it. */
export type Claims = Readonly<Record<string, unknown>>

/** A partner of Moneyhub, with everything of a request open to change. */
export type Partner = Awaited<ReturnType<typeof openMoneyhub>>

/** Opens Moneyhub, and makes a partner with keys of its own. */
export async function openMoneyhub(options: Partial<MoneyhubOptions> = {}) {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key: JWK = { ...(await exportJWK(publicKey)), kid: 'partner', alg: 'RS256', use: 'sig' }
  const bank = await startMoneyhub({ redirectUris: [redirectUri], jwks: { keys: [key] }, ...options })
  const { issuer, clientId, origin } = bank

  const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) => {
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ iss: clientId, jti: randomUUID(), iat: now, exp: now + 60, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'partner', ...header })
      .sign(privateKey)
  }

  const authentication = async (): Promise<{ parameters: Parameters; headers: Record<string, string> }> => {
    if (options.clientSecret !== undefined) {
      const pair = [clientId, options.clientSecret].map(encodeURIComponent).join(':')
      return { parameters: {}, headers: { authorization: `Basic ${btoa(pair)}` } }
    }
    const client_assertion = await sign({ sub: clientId, aud: `${issuer}/token` })
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    return { parameters: { client_assertion, client_assertion_type }, headers: {} }
  }

  const post = async <T>(path: string, parameters: Parameters): Promise<Answer<T>> => {
    const proof = await authentication()
    const body = form({ client_id: clientId, ...proof.parameters, ...parameters })
    const response = await fetch(issuer + path, { method: 'POST', body, headers: proof.headers })
    return { status: response.status, headers: response.headers, body: (await response.json()) as T }
  }

  const own = async (scope: string, sub?: string) =>
    post<Tokens>('/token', { grant_type: 'client_credentials', scope, sub })

  const call = async <T = Record<string, unknown>>(
    path: string,
    accessToken: string,
    init: RequestInit = {},
  ): Promise<Answer<T>> => {
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }
    const response = await fetch(origin + path, { ...init, headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: JSON.parse(text || '{}') as T }
  }

  const parameters = (
    userId: string | undefined,
    more: Parameters = {},
    claims: Claims = {},
  ): Parameters => ({
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: `openid id:${mockBank}`,
    state: 'abc',
    nonce: 'xyz',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    claims: JSON.stringify({
      id_token: {
        sub: { essential: true, value: userId },
        'mh:con_id': { essential: true },
        ...claims,
      },
    }),
    ...more,
  })

  const push = (given: Parameters) => post<{ request_uri: string; error?: string }>('/request', given)

  const urlOf = async (given: Parameters): Promise<string> => {
    const { body } = await push(given)
    return `${issuer}/auth?request_uri=${encodeURIComponent(body.request_uri)}`
  }

  /** Goes through the pages, and presses a button on the last. */
  const decide = async (url: string, action = 'approve', person = 'ada'): Promise<Stop> => {
    const visitor = createVisitor(origin)
    await visitor.open(url)
    await visitor.press('continue')
    await visitor.signIn(person)
    return visitor.press(action)
  }

  const redeem = (code: string, more: Parameters = {}) =>
    post<Tokens>('/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...more,
    })

  const createUser = async (clientUserId = 'some-id') => {
    const { body } = await own('user:create')
    const init = { method: 'POST', body: JSON.stringify({ clientUserId }) }
    return (await call<{ userId: string }>('/users', body.access_token, init)).body.userId
  }

  const connect = async (userId: string | undefined, more: Parameters = {}, claims: Claims = {}) => {
    const { url } = await decide(await urlOf(parameters(userId, more, claims)))
    return redeem(url.searchParams.get('code') ?? '', { sub: userId })
  }

  return {
    bank: bank as Bank & typeof bank,
    sign,
    post,
    own,
    call,
    parameters,
    push,
    urlOf,
    decide,
    redeem,
    createUser,
    connect,
  }
}

function form(parameters: Parameters): URLSearchParams {
  return new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
