import { createClient } from 'countersign'
import { apiture, basis, fdx, stitch } from 'countersign/providers'
import { readConfiguration } from './configuration.js'

const configuration = readConfiguration()

/** The demo's client: made before anything renders, because it takes the response out of the address bar. */
export const bank = createClient({
  backend: '/connect',
  session: configuration.user?.id ?? null,
  providers: {
    apiture: apiture({ ...configuration.apiture, scope: 'openid offline_access banking/read' }),
    basis: basis(configuration.basis),
    fdx: fdx(configuration.fdx),
    stitch: stitch({ ...configuration.stitch, scope: 'openid accounts balances offline_access' }),
  },
})

declare module 'countersign' {
  interface Register {
    client: typeof bank
  }
}

/** The names of the demo's providers. */
export type ProviderName = keyof typeof bank.providers
