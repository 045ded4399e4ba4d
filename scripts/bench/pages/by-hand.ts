// What the protocol costs by hand, without a check.
import { redirectUri, settings } from './report.js'

/** Where the verifier lies while the person is away. */
export interface Verifiers {
  readonly keep: (state: string, verifier: string) => Promise<void> | undefined
  readonly find: (state: string) => Promise<string | undefined> | string | undefined
}

const { issuer, clientId, scope } = settings
const encode = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
const random = (): string => encode(crypto.getRandomValues(new Uint8Array(32)))

/** Leaves for the provider. @param discovers Asks for the metadata before. */
export async function leave(verifiers: Verifiers, discovers: boolean): Promise<void> {
  const verifier = random()
  const state = random()
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  let endpoint = `${issuer}/authorize`
  if (discovers) {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
    endpoint = ((await answer.json()) as { authorization_endpoint: string }).authorization_endpoint
  }
  await verifiers.keep(state, verifier)
  const parameters = {
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope, state },
    ...{ nonce: random(), code_challenge: encode(new Uint8Array(hash)), code_challenge_method: 'S256' },
  }
  location.assign(`${endpoint}?${new URLSearchParams(parameters).toString()}`)
}

/** Redeems the code that the page was opened with, where there is one. */
export async function redeem(verifiers: Verifiers): Promise<string | undefined> {
  const parameters = new URL(location.href).searchParams
  const code = parameters.get('code')
  if (!code) return undefined
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, client_id: clientId },
      code_verifier: (await verifiers.find(parameters.get('state') ?? '')) ?? '',
    }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}
