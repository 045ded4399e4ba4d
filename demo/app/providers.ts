import { apiture, basis, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import type { Configuration } from './configuration.js'

/** The app's providers. */
export function createProviders(configuration: Configuration) {
  const { list: _list, ...moneyhubOptions } = configuration.moneyhub
  return {
    apiture: apiture(configuration.apiture),
    basis: basis(configuration.basis),
    fdx: fdx(configuration.fdx),
    moneyhub: moneyhub(moneyhubOptions),
    moneyhubOnce: moneyhub({ ...moneyhubOptions, useCase: 'one-time' }),
    openid: oidc(configuration.openid),
    stitch: stitch(configuration.stitch),
  }
}
