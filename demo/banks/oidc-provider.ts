// oidc-provider speaks to the console while it is imported, hence every value of it comes from here.
import './quiet.js'
import { errors } from 'oidc-provider'
import type { Objection } from '../../src/testing/quirks/objection.js'

export { errors, Provider } from 'oidc-provider'

/** Throws what a provider objects to, if anything, as oidc-provider's own errors. */
export function throwObjection(objection: Objection | undefined): void {
  if (objection) throw new errors.CustomOIDCProviderError(objection.error, objection.description)
}
