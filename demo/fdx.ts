import type { FdxBackendOptions } from 'countersign/backend'
import { mtlsFetch } from 'countersign/backend/node'
import { readFileSync } from 'node:fs'
import type { Certificate } from './banks/certificates.js'
import type { FdxBank } from './banks/fdx.js'
import { readProvider, type Environment } from './environment.js'

/** Where the FDX data provider is, and who the app is there: the embedded one, or a real one. */
export interface FdxSettings extends Omit<FdxBackendOptions, 'redirectUri'> {
  /** Where people are sent; where it is not given, the page takes it from the issuer. */
  readonly authorizationEndpoint?: string
}

/** The consents that this app asks for, each for one purpose and with no more than that needs. */
const consents = {
  budget: {
    durationType: 'TIME_BOUND',
    durationPeriod: 365,
    lookbackPeriod: 90,
    adjustable: ['durationPeriod', 'lookbackPeriod'],
    resources: [
      { resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC', 'ACCOUNT_DETAILED', 'TRANSACTIONS'] },
    ],
  },
  once: {
    durationType: 'ONE_TIME',
    lookbackPeriod: 60,
    resources: [
      { resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS'] },
      { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
    ],
  },
} as const

const common = {
  consents,
  routes: [
    { method: 'GET', path: '/accounts' },
    { method: 'GET', path: '/accounts/{accountId}/transactions' },
  ],
} as const
const scope = 'ACCOUNT_BASIC UPDATE_CONSENTS READ_CONSENTS'

/**
 * The settings of the environment's `COUNTERSIGN_FDX_…`, else those of the embedded data provider, at which the given
 * certificate is registered.
 *
 * @throws {Error} when a variable or a file is missing
 */
export function fdxSettings(
  environment: Environment,
  bank: FdxBank,
  { cert, key }: Certificate,
): FdxSettings {
  const real = readProvider(
    environment,
    'FDX',
    ['clientId', 'issuer', 'api', 'certFile', 'keyFile'],
    ['scope', 'caFile', 'authorizationEndpoint', 'origins', 'scopeOnUrl', 'fapi', 'clientScope'],
  )
  if (!real) {
    const { clientId, issuer, api, ca } = bank
    const fetch = mtlsFetch({ cert, key, ca })
    return { ...common, clientId, issuer, api, fetch, scope: `${scope} offline_access` }
  }
  const { clientId, issuer, api, certFile, keyFile, caFile, origins, ...more } = real
  const { authorizationEndpoint, clientScope } = more
  return {
    ...common,
    clientId,
    issuer,
    api,
    fetch: mtlsFetch({
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    }),
    scope: more.scope ?? scope,
    scopeOnUrl: more.scopeOnUrl === 'true',
    fapi: more.fapi === 'true',
    ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
    ...(origins !== undefined && { origins: origins.split(' ') }),
    ...(clientScope !== undefined && { clientScope }),
  }
}
