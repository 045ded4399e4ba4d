import type { OidcOptions } from 'countersign/providers'
import type { Banks } from './banks/index.js'
import { readProvider, type Environment } from './environment.js'

/** What the page needs of an OpenID provider: the embedded bank, or another one. */
export type OpenidSettings = OidcOptions & { readonly api: string }

/** The settings of the environment's `COUNTERSIGN_OPENID_…`, else those of the embedded bank. @throws {Error} */
export function openidSettings(environment: Environment, bank: Banks['openid']): OpenidSettings {
  const real = readProvider(
    environment,
    'OPENID',
    ['clientId', 'issuer', 'scope', 'api'],
    ['dpop', 'par', 'origins'],
  )
  if (!real) {
    const { clientId, issuer, origin } = bank
    return {
      label: 'OpenID',
      clientId,
      issuer,
      scope: 'openid accounts offline_access',
      api: `${origin}/`,
      dpop: true,
      par: true,
    }
  }
  const { dpop, par, origins, ...needed } = real
  return {
    label: 'OpenID',
    ...needed,
    dpop: dpop === 'true',
    par: par === 'true',
    ...(origins !== undefined && { origins: origins.split(' ') }),
  }
}

/** Origins of the provider's that the page speaks to. */
export const openidOrigins = ({ issuer, api, origins = [] }: OpenidSettings): readonly string[] => [
  new URL(issuer).origin,
  new URL(api).origin,
  ...origins,
]
