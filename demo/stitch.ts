import type { StitchBackendOptions } from 'countersign/backend'
import { stitch, type StitchOptions } from 'countersign/providers'
import { readFileSync } from 'node:fs'
import type { Banks } from './banks/index.js'
import { readProvider, type Environment } from './environment.js'

/** Where Stitch is, and who the app is there: the embedded bank, or the real one. */
export interface StitchSettings {
  /** What the page knows. */
  readonly page: Required<Pick<StitchOptions, 'clientId' | 'scope' | 'authorizationEndpoint' | 'api'>>
  /** What the backend knows, for a redirect URI of its own. */
  readonly backend: (redirectUri: string) => StitchBackendOptions
}

const scope = 'openid accounts balances transactions accountholders offline_access'

/**
 * The settings of the environment's `COUNTERSIGN_STITCH_…`, else those of the embedded bank.
 *
 * @param assertionKey The key of the app as the embedded bank's client.
 * @throws {Error} when the client of the real one cannot authenticate
 */
export function stitchSettings(
  environment: Environment,
  bank: Banks['stitch'],
  assertionKey: CryptoKey,
): StitchSettings {
  return realStitch(environment) ?? embeddedStitch(bank, assertionKey)
}

function embeddedStitch({ clientId, issuer, origin }: Banks['stitch'], key: CryptoKey): StitchSettings {
  const page = {
    clientId,
    scope,
    authorizationEndpoint: `${origin}/connect/authorize`,
    api: `${origin}/`,
  }
  const tokenEndpoint = `${origin}/connect/token`
  return {
    page,
    backend: (redirectUri) => ({
      ...page,
      redirectUri,
      tokenEndpoint,
      issuer,
      privateKey: key,
      keyId: 'demo',
    }),
  }
}

function realStitch(environment: Environment): StitchSettings | undefined {
  const real = readProvider(
    environment,
    'STITCH',
    ['clientId'],
    [
      'scope',
      'keyFile',
      'keyId',
      'clientSecret',
      'issuer',
      'jwksUri',
      'authorizationEndpoint',
      'tokenEndpoint',
      'api',
      'assertionAudience',
    ],
  )
  if (!real) return undefined
  const known = stitch({ clientId: real.clientId, scope: real.scope ?? scope })
  const page = {
    clientId: real.clientId,
    scope: known.scope,
    authorizationEndpoint: real.authorizationEndpoint ?? known.authorizationEndpoint ?? '',
    api: real.api ?? known.api ?? '',
  }
  const { tokenEndpoint, issuer, jwksUri } = real
  const authentication = authenticationOf(real)
  return {
    page,
    backend: (redirectUri) => ({
      ...page,
      redirectUri,
      ...(tokenEndpoint !== undefined && { tokenEndpoint }),
      ...authentication,
      ...(issuer === undefined
        ? { idToken: 'unverified' as const }
        : { issuer, ...(jwksUri !== undefined && { jwksUri }) }),
    }),
  }
}

interface Credentials {
  /** The path of a file with the key: PKCS #8 as PEM. */
  readonly keyFile?: string
  readonly keyId?: string
  readonly clientSecret?: string
  readonly assertionAudience?: string
}

/** A client has a key, or a secret of the newer kind. */
function authenticationOf({ keyFile, keyId, clientSecret, assertionAudience }: Credentials) {
  if (clientSecret !== undefined) return { clientSecret }
  if (keyFile === undefined || keyId === undefined) {
    throw new Error(
      'Set COUNTERSIGN_STITCH_KEY_FILE and COUNTERSIGN_STITCH_KEY_ID, or COUNTERSIGN_STITCH_CLIENT_SECRET, or no COUNTERSIGN_STITCH_CLIENT_ID.',
    )
  }
  const privateKey = readFileSync(keyFile, 'utf8')
  return { privateKey, keyId, ...(assertionAudience !== undefined && { assertionAudience }) }
}
