import type { ApitureOptions, FdxOptions, OidcOptions, StitchOptions } from 'countersign/providers'

import { switchesBanks } from './fake/start.js'

// The page is about to be loaded again: none of it may run before.
if (typeof document !== 'undefined' && (await switchesBanks())) await new Promise(() => undefined)

/**
 * What the demo's server tells its page, as data in the document: ports differ from start to start. It is the same for
 * everybody.
 */
export interface Configuration {
  /** The folder that the app is in, without a slash at its end; empty at the root of its origin. */
  readonly basePath: string
  /**
   * Whether a service worker plays the banks and the app's server: because the person chose it by `?fake`, or because
   * there is no server.
   */
  readonly fake: false | 'chosen' | 'only'
  /** Names what the service worker's banks know: another name says that the browser has dropped it, and they have started anew. */
  readonly run?: string
  /** The people who can sign in to the app. */
  readonly users: readonly { readonly id: string; readonly name: string }[]
  readonly apiture: ApitureOptions<'browser' | 'mediated'>
  readonly basis: { readonly clientId: string; readonly authorizationEndpoint: string; readonly api: string }
  readonly fdx: FdxOptions
  readonly moneyhub: {
    readonly clientId: string
    readonly issuer: string
    readonly api: string
    /** The list of banks to choose from, which is also the name of their group. */
    readonly list: string
  }
  readonly openid: OidcOptions
  readonly stitch: StitchOptions
}

/** Reads the configuration out of the document. */
export function readConfiguration(): Configuration {
  const data = document.getElementById('configuration')?.textContent
  if (!data) throw new Error('The page was not served by the demo: start it with `npm run demo`.')
  return JSON.parse(data) as Configuration
}

/** The providers that are not on this machine, by their titles: those that the demo has real credentials for. */
export function realProviders({
  fake,
  apiture,
  basis,
  fdx,
  moneyhub,
  openid,
  stitch,
}: Configuration): string[] {
  const addresses = {
    Apiture: [apiture.issuer, apiture.api],
    Basis: [basis.authorizationEndpoint, basis.api],
    FDX: [fdx.issuer],
    Moneyhub: [moneyhub.issuer, moneyhub.api],
    OpenID: [openid.issuer, openid.api],
    Stitch: [stitch.authorizationEndpoint, stitch.api],
  }
  if (fake !== false) return []
  return Object.entries(addresses).flatMap(([title, urls]) => (urls.every(isHere) ? [] : [title]))
}

/** An address that is left out is the preset's own: the real one. */
const isHere = (url: string | undefined): boolean =>
  url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
