import { createHash, randomBytes } from 'node:crypto'
import { Mismatch } from '../mismatch.js'

/** Values that no answer of a backend may hold. */
export interface ProviderSecrets {
  readonly clientSecrets: Set<string>
  readonly refreshTokens: Set<string>
  /** Access tokens, with the name of the provider for which they were issued. */
  readonly accessTokens: Map<string, string>
  /** A word that stands in all that the provider says in errors. */
  readonly words: string
}

/** The decision of the person at the provider. */
export interface Consent {
  /** The backend's name for the provider. */
  readonly provider: string
  /** The granted scope. Default: what was asked for. */
  readonly scope?: string
}

/** The codes and tokens of the provider, each good for one use. */
export interface Grants {
  readonly secrets: ProviderSecrets
  /** A person consents at an authorization URL: gives the code. @throws {Mismatch} when it leads elsewhere. */
  readonly consent: (authorizationUrl: string, consent: Consent) => string
  /** Takes a code or a refresh token. @returns The body of a token response; `undefined` where the grant is invalid. */
  readonly redeem: (form: URLSearchParams) => object | undefined
  readonly revoke: (refreshToken: string) => void
}

interface Grant {
  readonly provider: string
  readonly challenge: string
  readonly redirectUri: string
  readonly scope: string
}

const random = (): string => randomBytes(24).toString('base64url')
const sha256 = (value: string): string => createHash('sha256').update(value).digest('base64url')

/** Starts without any grant. */
export function createGrants(issuer: string): Grants {
  const codes = new Map<string, Grant>()
  const refreshTokens = new Map<string, Grant>()
  const secrets: ProviderSecrets = {
    clientSecrets: new Set(),
    refreshTokens: new Set(),
    accessTokens: new Map(),
    words: `internal-${random()}`,
  }

  function issue(grant: Grant): object {
    const accessToken = random()
    const refreshToken = random()
    secrets.accessTokens.set(accessToken, grant.provider)
    secrets.refreshTokens.add(refreshToken)
    refreshTokens.set(refreshToken, grant)
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: refreshToken,
      scope: grant.scope,
    }
  }

  return {
    secrets,
    consent(authorizationUrl, { provider, scope }) {
      const code = random()
      codes.set(code, readGrant(issuer, authorizationUrl, provider, scope))
      return code
    },
    redeem(form) {
      const isRefresh = form.get('grant_type') === 'refresh_token'
      const presented = form.get(isRefresh ? 'refresh_token' : 'code') ?? ''
      const grants = isRefresh ? refreshTokens : codes
      const grant = grants.get(presented)
      // Everything is single use: refresh tokens rotate.
      grants.delete(presented)
      return grant && (isRefresh || isProven(grant, form)) ? issue(grant) : undefined
    },
    revoke(refreshToken) {
      refreshTokens.delete(refreshToken)
    },
  }
}

function readGrant(issuer: string, authorizationUrl: string, provider: string, scope?: string): Grant {
  const url = URL.canParse(authorizationUrl) ? new URL(authorizationUrl) : undefined
  if (url?.origin !== issuer || url.pathname !== '/authorize')
    throw new Mismatch(`the authorization_url does not lead to ${issuer}/authorize`)
  const parameter = (name: string): string => url.searchParams.get(name) ?? ''
  return {
    provider,
    challenge: parameter('code_challenge'),
    redirectUri: parameter('redirect_uri'),
    scope: scope ?? parameter('scope'),
  }
}

const isProven = ({ challenge, redirectUri }: Grant, form: URLSearchParams): boolean =>
  sha256(form.get('code_verifier') ?? '') === challenge && form.get('redirect_uri') === redirectUri
