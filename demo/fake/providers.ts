import type { Configuration } from '../app/configuration.js'
import { createProviders } from '../app/providers.js'
import { users } from '../users.js'

/** The app's providers, by name. */
export type ProviderName = keyof ReturnType<typeof createProviders>

/** Where the demo is served from: an origin, and a folder of it without a slash at its end. */
export interface Place {
  readonly origin: string
  readonly basePath: string
}

/** Where a provider's pages and API are: below the demo's own origin. */
const addressOf = ({ origin, basePath }: Place, name: string): string => `${origin}${basePath}/banks/${name}`

/** What the page is told: each provider is below a path of the demo's own origin. */
export function createConfiguration(place: Place, fake: 'chosen' | 'only'): Configuration {
  const at = (name: string): string => addressOf(place, name)
  return {
    basePath: place.basePath,
    fake,
    users: users.map(({ id, name }) => ({ id, name })),
    apiture: {
      clientId: 'lasagna',
      issuer: at('apiture'),
      scope: 'openid offline_access banking/read',
      api: `${at('apiture')}/banking/`,
    },
    basis: {
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      authorizationEndpoint: `${at('basis')}/oauth`,
      api: `${at('basis')}/`,
    },
    fdx: {
      clientId: 'lasagna',
      issuer: at('fdx'),
      scope: 'ACCOUNT_BASIC UPDATE_CONSENTS READ_CONSENTS offline_access',
    },
    moneyhub: { clientId: 'lasagna', issuer: at('moneyhub'), api: `${at('moneyhub')}/v3/`, list: 'all' },
    openid: {
      label: 'OpenID',
      clientId: 'lasagna',
      issuer: at('openid'),
      scope: 'openid accounts offline_access',
      api: `${at('openid')}/`,
      dpop: true,
    },
    stitch: {
      clientId: 'lasagna',
      scope: 'openid accounts balances transactions accountholders offline_access',
      authorizationEndpoint: `${at('stitch')}/connect/authorize`,
      api: `${at('stitch')}/`,
    },
  }
}

/**
 * Stitch and Basis are told by their origin, so each has one inside the worker that no network has. The page sees them
 * below the demo's.
 */
const hidden = ['stitch', 'basis'] as const

const hiddenOrigin = (name: string): string => `https://${name}.invalid`

/** Changes what the page is told into what the worker's own servers are told, or the other way around. */
export interface Addresses {
  readonly toInside: (text: string) => string
  readonly toOutside: (text: string) => string
}

/** Creates {@link Addresses}. */
export function createAddresses(place: Place): Addresses {
  const pairs = hidden.map((name) => [`${addressOf(place, name)}/`, `${hiddenOrigin(name)}/`] as const)
  return {
    toInside: (text) => pairs.reduce((before, [outside, inside]) => before.replaceAll(outside, inside), text),
    toOutside: (text) =>
      pairs.reduce((before, [outside, inside]) => before.replaceAll(inside, outside), text),
  }
}

/** The providers as the worker's own servers know them. */
export const createInsideProviders = (configuration: Configuration, { toInside }: Addresses) =>
  createProviders(JSON.parse(toInside(JSON.stringify(configuration))) as Configuration)
