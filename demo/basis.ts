import type { BasisClaims } from 'countersign/backend'
import type { BasisBank } from './banks/basis.js'
import type { Institution } from '../src/testing/quirks/basis-institutions.js'
import { readProvider, type Environment } from './environment.js'
import type { User } from './users.js'

/** Where Basis is, and who the app is there: the embedded bank, or the real one. */
export interface BasisSettings {
  readonly clientId: string
  readonly clientSecret: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** Ends with a slash. */
  readonly api: string
  readonly initTokenParam: 'init_token' | 'token'
  readonly minimumSecretBytes?: number
  /** Instead of what the app knows of its user. */
  readonly claims: Partial<BasisClaims>
}

const connectInDevelopment = 'https://connect.development.usebasis.co/oauth'

/** The settings of the environment's `COUNTERSIGN_BASIS_…`, else those of the embedded bank. @throws {Error} */
export function basisSettings(environment: Environment, bank: BasisBank): BasisSettings {
  const real = readProvider(
    environment,
    'BASIS',
    ['clientId', 'clientSecret', 'tokenEndpoint', 'api'],
    [
      'authorizationEndpoint',
      'initTokenParam',
      'minimumSecretBytes',
      'userEmail',
      'userName',
      'companyEin',
      'companyName',
    ],
  )
  if (!real) {
    return {
      clientId: bank.clientId,
      clientSecret: bank.clientSecret,
      authorizationEndpoint: `${bank.origin}/oauth`,
      tokenEndpoint: `${bank.origin}/oauth/token`,
      api: `${bank.origin}/`,
      initTokenParam: 'init_token',
      claims: {},
    }
  }
  const { clientId, clientSecret, tokenEndpoint, api, initTokenParam, minimumSecretBytes, ...more } = real
  const { authorizationEndpoint = connectInDevelopment, ...claims } = more
  return {
    clientId,
    clientSecret,
    authorizationEndpoint,
    tokenEndpoint,
    api: api.replace(/\/?$/, '/'),
    initTokenParam: initTokenParam === 'token' ? 'token' : 'init_token',
    ...(minimumSecretBytes !== undefined && { minimumSecretBytes: Number(minimumSecretBytes) }),
    claims,
  }
}

/** What Basis is told about a user of the app: from the app's own records, never from the page. */
export const basisClaims = ({ business }: User, settings: BasisSettings): BasisClaims => ({
  ...business,
  ...settings.claims,
})

/**
 * The institutions a person can choose from, for the page: it needs a token of the app's own, so the server asks.
 *
 * @throws {Error} when Basis does not answer as documented
 */
export async function listInstitutions(settings: BasisSettings): Promise<readonly Institution[]> {
  const { clientId, clientSecret, tokenEndpoint, api } = settings
  const answer = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'institutions:read' }),
  })
  const { access_token } = (await answer.json()) as { access_token?: string }
  if (!answer.ok || access_token === undefined) throw new Error('Basis issued no token for institutions.')
  const response = await fetch(new URL('institutions', api), {
    headers: { authorization: `Bearer ${access_token}` },
  })
  if (!response.ok) throw new Error('Basis did not list its institutions.')
  return ((await response.json()) as { institutions: readonly Institution[] }).institutions
}
