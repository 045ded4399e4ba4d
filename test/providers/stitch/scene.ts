import { stitch as stitchBackend, type StitchBackendOptions } from 'countersign/backend'
import { stitch, type StitchMode } from 'countersign/providers'
import { exportJWK, generateKeyPair } from 'jose'
import { startStitch } from '../../../demo/banks/stitch.js'
import { callbackOf, createScene, type SceneOptions } from '../scene.js'

export const redirectUri = callbackOf('stitch')

/** The scope of Stitch's tutorial. */
export const scope = 'openid accounts balances offline_access'

/** Opens the embedded Stitch, with a client whose key is made here. */
export async function openBank() {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'client', alg: 'RS256', use: 'sig' }
  const bank = await startStitch({ redirectUris: [redirectUri], jwks: { keys: [jwk] } })
  return { ...bank, privateKey, publicKey, tokenEndpoint: `${bank.origin}/connect/token` }
}

export type TestBank = Awaited<ReturnType<typeof openBank>>

/** The preset as the embedded bank needs it. */
export const presetFor = ({ clientId, origin }: TestBank, mode: StitchMode = 'mediated') =>
  stitch({
    clientId,
    scope,
    mode,
    authorizationEndpoint: `${origin}/connect/authorize`,
    api: `${origin}/`,
  })

/** The backend's options as the embedded bank needs them. */
export const backendOptionsFor = (bank: TestBank) => ({
  clientId: bank.clientId,
  redirectUri,
  scope,
  privateKey: bank.privateKey,
  keyId: 'client',
  issuer: bank.issuer,
  authorizationEndpoint: `${bank.origin}/connect/authorize`,
  tokenEndpoint: bank.tokenEndpoint,
  api: `${bank.origin}/`,
})

/** What differs from an ordinary app. */
export interface Setting extends Pick<SceneOptions<never>, 'ticked' | 'secondsLater' | 'intercept'> {
  readonly mode?: StitchMode
  readonly backend?: Partial<StitchBackendOptions>
}

/** An app at the embedded Stitch. */
export function createStitchScene(bank: TestBank, { mode = 'mediated', backend, ...setting }: Setting = {}) {
  const options = { ...backendOptionsFor(bank), mode, ...backend } as StitchBackendOptions
  return createScene({
    name: 'stitch',
    bank,
    provider: presetFor(bank, mode),
    backend: stitchBackend(options),
    ...setting,
  })
}
