import { apiture, type ApitureOptions } from 'countersign/providers'
import type { Banks } from './banks/index.js'
import { readProvider, type Environment } from './environment.js'

/** Where Apiture is, and how the app goes there: the embedded bank, or the real one. For page and backend alike. */
export type ApitureSettings = Required<Pick<ApitureOptions, 'clientId' | 'issuer' | 'scope' | 'api'>> &
  Pick<ApitureOptions, 'origins' | 'authorizationEndpoint' | 'dpop'> & {
    readonly mode: 'browser' | 'mediated'
  }

const scope = 'openid offline_access banking/read'

/**
 * The settings of the environment's `COUNTERSIGN_APITURE_…`, else those of the embedded bank. `COUNTERSIGN_APITURE_MODE`
 * counts for both.
 *
 * @throws {Error}
 */
export function apitureSettings(
  environment: Environment,
  bank: Banks['apiture'],
  dpop: boolean,
): ApitureSettings {
  const mode = environment['COUNTERSIGN_APITURE_MODE'] === 'mediated' ? 'mediated' : 'browser'
  const real = readProvider(
    environment,
    'APITURE',
    ['clientId'],
    ['environment', 'issuer', 'scope', 'api', 'origins', 'authorizationEndpoint'],
  )
  if (!real) {
    const { clientId, issuer, origin } = bank
    return { clientId, issuer, scope, api: `${origin}/banking/`, mode, dpop: mode === 'browser' && dpop }
  }
  const { clientId, api = 'https://api.apiture.com/banking/', authorizationEndpoint } = real
  const name = real.environment === 'production' || real.environment === 'cat2' ? real.environment : 'cat'
  const known = apiture({ clientId, environment: name, scope })
  return {
    clientId,
    issuer: real.issuer ?? known.issuer ?? '',
    scope: real.scope ?? scope,
    api,
    mode,
    ...(real.origins !== undefined && { origins: real.origins.split(' ') }),
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
  }
}

/** Origins of Apiture's that the page speaks to. */
export const apitureOrigins = ({ issuer, api, origins = [] }: ApitureSettings): readonly string[] => [
  new URL(issuer).origin,
  new URL(api).origin,
  ...origins,
]
