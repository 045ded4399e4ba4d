import type { BasisClaims } from 'countersign/backend'
import type { BasisBank } from './banks/basis.js'
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
