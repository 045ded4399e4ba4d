import type { MoneyhubClientAuthentication, MoneyhubDelivery } from 'countersign/backend'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { readFileSync } from 'node:fs'
import type { Banks } from './banks/index.js'
import { readProvider, type Environment } from './environment.js'

/** Where Moneyhub is, and who the app is there: the embedded one, or the real one. */
export type MoneyhubSettings = MoneyhubClientAuthentication & {
  readonly clientId: string
  readonly issuer: string
  readonly api: string
  readonly delivery?: MoneyhubDelivery
  /** Which list of institutions people choose from: `test` has made-up ones, at the real Moneyhub, too. */
  readonly list: string
}

const keyId = 'demo-moneyhub'

/** The app's key at the embedded Moneyhub: made at every start, and not the one it has at other providers. */
export async function createMoneyhubKey(): Promise<{ readonly privateKey: CryptoKey; readonly jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: false })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: keyId, alg: 'RS256', use: 'sig' } }
}

/** The settings of the environment's `COUNTERSIGN_MONEYHUB_…`, else those of the embedded Moneyhub. @throws {Error} */
export function moneyhubSettings(
  environment: Environment,
  { clientId, issuer, origin }: Banks['moneyhub'],
  privateKey: CryptoKey,
): MoneyhubSettings {
  const real = readProvider(
    environment,
    'MONEYHUB',
    ['clientId'],
    [
      'clientSecret',
      'keyFile',
      'keyId',
      'algorithm',
      'issuer',
      'api',
      'delivery',
      'list',
      'assertionAudience',
    ],
  )
  if (!real) return { clientId, issuer, api: `${origin}/v3/`, list: 'all', privateKey, keyId }
  const delivery = real.delivery as MoneyhubDelivery | undefined
  return {
    clientId: real.clientId,
    issuer: real.issuer ?? 'https://identity.moneyhub.co.uk/oidc',
    api: real.api ?? 'https://api.moneyhub.co.uk/v3/',
    list: real.list ?? 'test',
    ...(delivery && { delivery }),
    ...credentialsOf(real),
  }
}

interface Variables {
  readonly clientSecret?: string
  readonly keyFile?: string
  readonly keyId?: string
  readonly algorithm?: string
  readonly assertionAudience?: string
}

function credentialsOf(variables: Variables): MoneyhubClientAuthentication {
  const { clientSecret, keyFile, keyId, algorithm, assertionAudience } = variables
  const secret = clientSecret === undefined ? {} : { clientSecret }
  if (keyFile !== undefined && keyId !== undefined) {
    return {
      ...secret,
      privateKey: readFileSync(keyFile, 'utf8'),
      keyId,
      ...(algorithm !== undefined && { algorithm: algorithm as 'RS256' }),
      ...(assertionAudience !== undefined && { assertionAudience }),
    }
  }
  if (clientSecret !== undefined) return { clientSecret }
  throw new Error(
    'Set COUNTERSIGN_MONEYHUB_KEY_FILE and COUNTERSIGN_MONEYHUB_KEY_ID, or COUNTERSIGN_MONEYHUB_CLIENT_SECRET, too.',
  )
}
