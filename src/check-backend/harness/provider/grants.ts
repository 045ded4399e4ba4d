import { createHash, randomBytes } from 'node:crypto'
import type { Role } from '../../options.js'
import { Mismatch } from '../mismatch.js'
import { issueIdToken, type IdTokenFault } from './id-tokens.js'

/** Values that no answer of a backend may hold. */
export interface ProviderSecrets {
  readonly clientSecrets: Set<string>
  readonly refreshTokens: Set<string>
  /** Access tokens, with the provider's role where they were issued. */
  readonly accessTokens: Map<string, Role>
  /** A word that stands in all that the provider says in errors. */
  readonly words: string
}

/** The decision of the person at the provider. */
export interface Consent {
  /** The scope that the person grants. @defaultValue what was asked for */
  readonly granted?: string
  /** The `sub` of the person. @defaultValue `person-1` */
  readonly person?: string
}

interface Grant {
  readonly role: Role
  readonly challenge: string
  readonly redirectUri: string
  readonly scope: string
  /** Claims of the ID Token. */
  readonly claims: object
}

const random = (): string => randomBytes(24).toString('base64url')
const sha256 = (value: string): string => createHash('sha256').update(value).digest('base64url')

/** The codes and tokens of the provider, each good for one use. */
export class Grants {
  readonly secrets: ProviderSecrets = {
    clientSecrets: new Set(),
    refreshTokens: new Set(),
    accessTokens: new Map(),
    words: `internal-${random()}`,
  }
  private readonly issuer: string
  private readonly codes = new Map<string, Grant>()
  private readonly refreshTokens = new Map<string, Grant>()

  constructor(issuer: string) {
    this.issuer = issuer
  }

  consent(authorizationUrl: string, role: Role, consent: Consent): string {
    const code = random()
    this.codes.set(code, readGrant(this.issuer, authorizationUrl, role, consent))
    return code
  }

  /** Takes a code or a refresh token. @returns The body of a token response; `undefined` where the grant is invalid. */
  redeem(form: URLSearchParams, idToken: IdTokenFault | undefined): object | undefined {
    const isRefresh = form.get('grant_type') === 'refresh_token'
    const presented = form.get(isRefresh ? 'refresh_token' : 'code') ?? ''
    const grants = isRefresh ? this.refreshTokens : this.codes
    const grant = grants.get(presented)
    // Everything is single use: refresh tokens rotate.
    grants.delete(presented)
    if (!grant || !(isRefresh || isProven(grant, form))) return undefined
    // A refresh needs no ID Token (OpenID Connect Core §12.2), so it brings one only where the script has a fault for it.
    const isDue = isRefresh ? idToken !== undefined : /\bopenid\b/.test(grant.scope) && idToken !== 'absent'
    return { ...this.issue(grant), ...(isDue && { id_token: issueIdToken(grant.claims, idToken) }) }
  }

  revoke(refreshToken: string): void {
    this.refreshTokens.delete(refreshToken)
  }

  private issue(grant: Grant): object {
    const accessToken = random()
    const refreshToken = random()
    this.secrets.accessTokens.set(accessToken, grant.role)
    this.secrets.refreshTokens.add(refreshToken)
    this.refreshTokens.set(refreshToken, grant)
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: refreshToken,
      scope: grant.scope,
    }
  }
}

function readGrant(
  issuer: string,
  authorizationUrl: string,
  role: Role,
  { granted, person = 'person-1' }: Consent,
): Grant {
  const url = URL.canParse(authorizationUrl) ? new URL(authorizationUrl) : undefined
  if (url?.origin !== issuer || url.pathname !== '/authorize')
    throw new Mismatch(`the authorization_url does not lead to ${issuer}/authorize`)
  const parameter = (name: string): string => url.searchParams.get(name) ?? ''
  return {
    role,
    challenge: parameter('code_challenge'),
    redirectUri: parameter('redirect_uri'),
    scope: granted ?? parameter('scope'),
    claims: { iss: issuer, sub: person, aud: parameter('client_id'), nonce: parameter('nonce') },
  }
}

const isProven = ({ challenge, redirectUri }: Grant, form: URLSearchParams): boolean =>
  sha256(form.get('code_verifier') ?? '') === challenge && form.get('redirect_uri') === redirectUri
