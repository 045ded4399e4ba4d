import { createHash, randomBytes } from 'node:crypto'

/** What a code or a token was issued for. */
export interface BasisGrant {
  readonly scope: string
  /** Undefined for the client's own tokens. */
  readonly profileId?: string | undefined
}

interface IssuedCode extends BasisGrant {
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly expiresAt: number
}

interface IssuedToken {
  readonly grant: BasisGrant
  readonly expiresAt: number
}

/** The codes and tokens that are out. */
export interface BasisGrants {
  issueCode(grant: BasisGrant, redirectUri: string, codeChallenge: string): string
  /** The grant of a code, which is used up by asking; undefined when code, verifier or redirect URI are wrong. */
  redeem(code: string, codeVerifier: string, redirectUri: string | undefined): BasisGrant | undefined
  issueAccessToken(grant: BasisGrant, seconds: number): string
  issueRefreshToken(grant: BasisGrant): string
  /** The grant of a refresh token; used twice after it was replaced, its grant is gone. */
  refresh(refreshToken: string, replaces: boolean): BasisGrant | undefined
  findAccess(accessToken: string): BasisGrant | undefined
  expireAccessTokens(): void
  revoke(): void
}

const codeSeconds = 60
const random = (): string => randomBytes(24).toString('base64url')

/** Creates an empty memory of codes and tokens. */
export function createGrants(): BasisGrants {
  const codes = new Map<string, IssuedCode>()
  const accessTokens = new Map<string, IssuedToken>()
  const refreshTokens = new Map<string, BasisGrant>()
  const replaced = new Map<string, BasisGrant>()

  /** Ends the grant: a replaced token that is used again may be stolen. */
  function kill(grant: BasisGrant | undefined): void {
    for (const [token, other] of refreshTokens) if (other === grant) refreshTokens.delete(token)
    for (const [token, issued] of accessTokens) if (issued.grant === grant) accessTokens.delete(token)
  }

  return {
    issueCode(grant, redirectUri, codeChallenge) {
      const code = random()
      codes.set(code, { ...grant, redirectUri, codeChallenge, expiresAt: Date.now() + codeSeconds * 1000 })
      return code
    },
    redeem(code, codeVerifier, redirectUri) {
      const issued = codes.get(code)
      codes.delete(code)
      if (!issued || issued.expiresAt < Date.now() || issued.codeChallenge !== s256(codeVerifier))
        return undefined
      // OAuth 2.1 no longer asks for the redirect URI here; who sends it sends the right one.
      if (redirectUri !== undefined && redirectUri !== issued.redirectUri) return undefined
      return { scope: issued.scope, profileId: issued.profileId }
    },
    issueAccessToken(grant, seconds) {
      const token = random()
      accessTokens.set(token, { grant, expiresAt: Date.now() + seconds * 1000 })
      return token
    },
    issueRefreshToken(grant) {
      const token = random()
      refreshTokens.set(token, grant)
      return token
    },
    refresh(refreshToken, replaces) {
      const grant = refreshTokens.get(refreshToken)
      if (!grant) {
        kill(replaced.get(refreshToken))
        return undefined
      }
      if (replaces) {
        refreshTokens.delete(refreshToken)
        replaced.set(refreshToken, grant)
      }
      return grant
    },
    findAccess(accessToken) {
      const issued = accessTokens.get(accessToken)
      return issued && issued.expiresAt > Date.now() ? issued.grant : undefined
    },
    expireAccessTokens: () => {
      accessTokens.clear()
    },
    revoke() {
      accessTokens.clear()
      refreshTokens.clear()
    },
  }
}

const s256 = (codeVerifier: string): string => createHash('sha256').update(codeVerifier).digest('base64url')
