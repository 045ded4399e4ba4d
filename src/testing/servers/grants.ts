import type { Memory } from '../memory.js'
import type { Randomness } from '../random.js'
import type { Approval } from '../approval.js'
import type { Registration } from './registration.js'

/** What a person has agreed to. */
export interface Grant {
  readonly id: string
  readonly registration: Registration
  readonly redirectUri: string
  readonly scope: readonly string[]
  readonly sub: string
  readonly nonce: string | undefined
  readonly state: string
  /** Epoch seconds. */
  readonly authTime: number
  readonly approval: Approval
  /** What the provider's own part of the server remembers of it. */
  readonly notes: Record<string, unknown>
}

/** A code that is out. */
export interface IssuedCode {
  readonly grant: Grant
  readonly challenge: string
  /** Thumbprint of the DPoP key that the request was bound to. */
  readonly jkt: string | undefined
  readonly expiresAt: number
}

/** An access token that is out. */
export interface AccessToken {
  /** `undefined` for a token of the client's own. */
  readonly grant: Grant | undefined
  readonly scope: readonly string[]
  /** Whom a token of the client's own speaks for. */
  readonly sub?: string | undefined
  readonly expiresAt: number
  /** Thumbprint of the DPoP key that the token is bound to. */
  readonly jkt?: string | undefined
  /** True when it is bound to the client's certificate. */
  readonly bound?: boolean
}

/** Codes and tokens of one authorization server: each code is good once, and a refresh token that is replaced ends its grant when it is used again. */
export interface Grants {
  issueCode(code: Omit<IssuedCode, 'expiresAt'>): string
  /** The code's grant, once. Used again, its tokens are gone. */
  takeCode(code: string): IssuedCode | undefined
  issueAccessToken(token: AccessToken): string
  findAccessToken(token: string): AccessToken | undefined
  issueRefreshToken(grant: Grant, jkt: string | undefined): string
  findRefreshToken(token: string): { readonly grant: Grant; readonly jkt: string | undefined } | undefined
  /** The grant of a refresh token, which is not used by that. */
  lookUp(token: string): Grant | undefined
  /** A refresh token that is replaced. */
  spend(token: string): void
  /** Ends the grant of a token. @returns whether there was one. */
  revokeToken(token: string): boolean
  revoke(isMeant: (grant: Grant) => boolean): void
  expireAccessTokens(isMeant: (grant: Grant) => boolean): void
}

/** What {@link createGrants} takes. */
export interface GrantsOptions {
  /** The server's issuer: its codes and tokens are apart from those of others. */
  readonly issuer: string
  readonly memory: Memory
  readonly now: () => number
  readonly random: Randomness
  /** Seconds that codes live. @defaultValue 60 */
  readonly codeSeconds?: number | undefined
}

/** Makes a server's memory of codes and tokens. */
// eslint-disable-next-line max-lines-per-function -- one short member for each thing that happens to a code or token
export function createGrants({ issuer, memory, now, random, codeSeconds = 60 }: GrantsOptions): Grants {
  const randomText = random.text
  const mapOf = <Value>(name: string) => memory.map<Value>(`${issuer} ${name}`)
  const codes = mapOf<IssuedCode>('codes')
  const usedCodes = mapOf<Grant>('used codes')
  const accessTokens = mapOf<AccessToken>('access tokens')
  const refreshTokens = mapOf<{ readonly grant: Grant; readonly jkt: string | undefined }>('refresh tokens')
  const spent = mapOf<Grant>('spent refresh tokens')

  function revoke(isMeant: (grant: Grant) => boolean): void {
    for (const tokens of [codes, accessTokens, refreshTokens])
      for (const [token, { grant }] of tokens) if (grant && isMeant(grant)) tokens.delete(token)
  }
  const end = (grant: Grant | undefined): void => {
    revoke((other) => other === grant)
  }

  return {
    issueCode(code) {
      const value = randomText()
      codes.set(value, { ...code, expiresAt: now() + codeSeconds })
      return value
    },
    takeCode(value) {
      const code = codes.get(value)
      codes.delete(value)
      if (!code) end(usedCodes.get(value))
      else usedCodes.set(value, code.grant)
      return code && code.expiresAt > now() ? code : undefined
    },
    issueAccessToken(token) {
      const value = randomText()
      accessTokens.set(value, token)
      return value
    },
    findAccessToken(value) {
      const token = accessTokens.get(value)
      return token && token.expiresAt > now() ? token : undefined
    },
    issueRefreshToken(grant, jkt) {
      const value = randomText()
      refreshTokens.set(value, { grant, jkt })
      return value
    },
    findRefreshToken(value) {
      if (spent.has(value)) end(spent.get(value))
      return refreshTokens.get(value)
    },
    lookUp: (value) => refreshTokens.get(value)?.grant ?? spent.get(value),
    spend(value) {
      const { grant } = refreshTokens.get(value) ?? {}
      refreshTokens.delete(value)
      if (grant) spent.set(value, grant)
    },
    revokeToken(value) {
      const grant = refreshTokens.get(value)?.grant ?? accessTokens.get(value)?.grant
      if (grant) end(grant)
      return grant !== undefined
    },
    revoke,
    expireAccessTokens(isMeant) {
      for (const [value, { grant }] of accessTokens) if (!grant || isMeant(grant)) accessTokens.delete(value)
    },
  }
}
