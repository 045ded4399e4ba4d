// The floor: what the protocol costs by hand, without a check. `discovers` asks for the metadata before it leaves.
import { noteToken, onClick, redirectUri, settings } from './report.js'

const { issuer, clientId, scope } = settings
const encode = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
const random = (): string => encode(crypto.getRandomValues(new Uint8Array(32)))

async function leave(discovers: boolean): Promise<void> {
  const verifier = random()
  const state = random()
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  let endpoint = `${issuer}/authorize`
  if (discovers) {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
    endpoint = ((await answer.json()) as { authorization_endpoint: string }).authorization_endpoint
  }
  sessionStorage.setItem(state, verifier)
  const parameters = {
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope, state },
    ...{ nonce: random(), code_challenge: encode(new Uint8Array(hash)), code_challenge_method: 'S256' },
  }
  location.assign(`${endpoint}?${new URLSearchParams(parameters).toString()}`)
}

async function redeem(code: string, state: string): Promise<void> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, client_id: clientId },
      code_verifier: sessionStorage.getItem(state) ?? '',
    }),
  })
  noteToken(((await answer.json()) as { access_token: string }).access_token)
}

const parameters = new URL(location.href).searchParams
const code = parameters.get('code')
if (code) void redeem(code, parameters.get('state') ?? '')
onClick(() => leave(location.pathname.includes('discovers')))
document.body.textContent = 'ready'
