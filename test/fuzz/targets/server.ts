// What an authorization server answers.
import * as oauth from 'oauth4webapi'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { assert } from 'vitest'
import { checkMetadata } from '../../../src/protocol/metadata.js'
import { redeemCode } from '../../support/redeem-code.js'
import { parseTokenResponse } from '../../../src/protocol/token-response.js'
import { secret } from '../../support/secrets.js'
import { mutateJson, stringify, mutateText, type Mutation } from '../mutate.js'
import { outcomeOf, type Target } from '../target.js'

const issuer = 'https://as.example'
const accessToken = secret('access-token-of-the-fuzz')
const nonce = secret('nonce-of-the-fuzz-nonce-of-the-fuzz-nonce-o')
const code = secret('code-of-the-fuzz')
const codeVerifier = secret('v'.repeat(43))

const tokenBody = {
  access_token: accessToken,
  ...{
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: secret('refresh-of-the-fuzz'),
    scope: 'accounts',
  },
}

const tokenResponse: Target = {
  name: 'token responses',
  outcomes: ['accepted', 'token_response_invalid'],
  run: (changes) =>
    outcomeOf(() => {
      const body = mutateJson(tokenBody, changes)
      const object = typeof body === 'object' && body && !Array.isArray(body) ? body : {}
      const tokens = parseTokenResponse(object as Record<string, unknown>, { extraMembers: ['grant_id'] })
      assert.match(tokens.accessToken, /^[\x21-\x7e]{1,65536}$/)
      assert.equal(tokens.tokenType, 'bearer')
      const seconds = tokens.expiresInSeconds ?? 0
      assert.isTrue(seconds >= 0 && seconds <= 86_400)
      assert.equal(Object.getPrototypeOf(tokens), Object.prototype)
      assert.isUndefined(({} as { x?: unknown }).x)
    }),
}

const metadataDocument = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  revocation_endpoint: `${issuer}/revoke`,
  code_challenge_methods_supported: ['S256', 'plain'],
}

const metadata: Target = {
  name: 'metadata',
  outcomes: ['accepted', 'metadata_invalid'],
  run: (changes, pick) =>
    outcomeOf(() => {
      const changed = mutateJson(metadataDocument, changes)
      const document = (typeof changed === 'object' && changed ? changed : {}) as Record<string, unknown>
      // Texts are changed, too: a look-alike is a different attack than another type.
      const name = Object.keys(document)[pick % Math.max(1, Object.keys(document).length)] ?? ''
      if (typeof document[name] === 'string' && pick % 3 === 0)
        document[name] = mutateText(document[name], changes.slice(0, 1))
      const server = checkMetadata(document, issuer)
      assert.equal(server.issuer, issuer)
      for (const endpoint of [
        'authorization_endpoint',
        'token_endpoint',
        'jwks_uri',
        'revocation_endpoint',
      ] as const)
        if (server[endpoint] !== undefined) assert.equal(new URL(server[endpoint]).origin, issuer)
      assert.isTrue(server.code_challenge_methods_supported?.includes('S256') ?? true)
    }),
}

const ownKeys = generateKeyPair('ES256', { extractable: true })
const otherKeys = generateKeyPair('ES256', { extractable: true })

/** Redeems a code at a server that answers with this ID Token and these keys. */
async function redeemWith(idToken: string, keys: unknown): Promise<void> {
  const sent: string[] = []
  await redeemCode(
    {
      server: { issuer, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` },
      clientId: 'client-1',
      authentication: oauth.None(),
      now: () => Date.now() / 1000,
      idToken: 'required',
      fetch: (url) => {
        sent.push(new URL(url).origin)
        return Promise.resolve(
          url.endsWith('/jwks') ? Response.json(keys) : Response.json({ ...tokenBody, id_token: idToken }),
        )
      },
    },
    { code, state: 's'.repeat(43), redirectUri: 'https://app.example/callback/bank', codeVerifier, nonce },
  ).finally(() => {
    assert.deepEqual([...new Set(sent)], [issuer], 'a request went elsewhere')
  })
}

const jwks = async (pair: typeof ownKeys) => ({
  keys: [{ ...(await exportJWK((await pair).publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' }],
})

const claimsOf = (now: number) => ({
  ...{ iss: issuer, aud: 'client-1', sub: 'user-1', iat: now, exp: now + 300, nonce, azp: 'client-1' },
})

async function sign(claims: unknown, pair: typeof ownKeys): Promise<string> {
  const { privateKey } = await pair
  return new CompactSign(new TextEncoder().encode(stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', kid: 'key-1' })
    .sign(privateKey)
}

/** The last change is made to the text of the token, after signing. */
async function idTokenOf(
  changes: readonly Mutation[],
  pick: number,
): Promise<{ jwt: string; claims: unknown; forged: boolean }> {
  const inText = pick % 4 === 0
  const claims = mutateJson(claimsOf(Math.floor(Date.now() / 1000)), inText ? [] : changes)
  const forged = pick % 7 === 3
  const jwt = await sign(claims, forged ? otherKeys : ownKeys)
  return { jwt: inText ? mutateText(jwt, changes) : jwt, claims, forged }
}

const idTokens: Target = {
  name: 'ID Tokens',
  outcomes: ['accepted', 'id_token_invalid', 'token_response_invalid'],
  async run(changes, pick) {
    const { jwt, claims, forged } = await idTokenOf(changes, pick)
    const outcome = await outcomeOf(async () => redeemWith(jwt, await jwks(ownKeys)))
    if (outcome === 'accepted') {
      assert.isFalse(forged, 'a forged signature was accepted')
      const { iss, aud, sub, nonce: own } = claims as Record<string, unknown>
      assert.equal(iss, issuer)
      assert.isTrue(aud === 'client-1' || (Array.isArray(aud) && aud.includes('client-1')))
      assert.isTrue(typeof sub === 'string' && sub.length <= 255)
      assert.equal(own, nonce)
    }
    return outcome
  },
}

const keySets: Target = {
  name: 'key sets',
  outcomes: ['accepted', 'id_token_invalid', 'provider_unavailable'],
  async run(changes, pick) {
    const forged = pick % 5 === 1
    const jwt = await sign(claimsOf(Math.floor(Date.now() / 1000)), forged ? otherKeys : ownKeys)
    const keys = mutateJson(await jwks(ownKeys), changes)
    const outcome = await outcomeOf(() => redeemWith(jwt, keys))
    if (outcome === 'accepted') assert.isFalse(forged, 'a forged signature was accepted')
    return outcome
  },
}

export const serverTargets: readonly Target[] = [tokenResponse, metadata, idTokens, keySets]
