import type { Provider } from '../../core/index.js'
import { apiture } from './apiture.js'
import { basis } from './basis.js'
import { fdx } from './fdx.js'
import type { Kind } from './kind.js'
import { moneyhub } from './moneyhub.js'
import { standard } from './standard.js'
import { stitch } from './stitch.js'

/**
 * The kind of server that a provider of the app's options is at. Presets are told by the name that they give themselves and
 * by what only they have, so that an `oidc({ label: 'Stitch' })` stays a standard server.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a provider of whatever input, as in `Providers`
export function findKind({ label, issuer, requireIss, toInput, userinfo }: Provider<any>): Kind {
  if (userinfo !== undefined && requireIss !== undefined) return standard // both of which `oidc` always sets
  if (label === 'Stitch' && issuer === undefined) return stitch
  if (label === 'Basis' && issuer === undefined && toInput) return basis
  if (label === 'Moneyhub' && toInput) return moneyhub
  if (label === 'FDX' && toInput) return fdx
  return label === 'Apiture' ? apiture : standard
}
