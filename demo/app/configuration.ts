import type { ApitureOptions, FdxOptions, OidcOptions, StitchOptions } from 'countersign/providers'

/** What the demo's server tells its page, as data in the document: ports differ from start to start. */
export interface Configuration {
  /** The app's user, or null while nobody is signed in. */
  readonly user: { readonly id: string; readonly name: string } | null
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
