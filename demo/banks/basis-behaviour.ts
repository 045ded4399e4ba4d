import { behaviourFields, type Behaviour, type Fields } from './control.js'

/** What this bank can be told to do. */
export interface BasisBehaviour extends Behaviour {
  readonly rotate?: boolean
  readonly secondsLater?: number
  readonly unregistered?: boolean
}

export const behaviour: Fields<BasisBehaviour> = {
  ...behaviourFields,
  rotate: 'true replaces a refresh token when it is used',
  secondsLater: 'reads the initialization token as if so many seconds more had passed: it may have expired',
  unregistered: 'true knows none of the redirect URIs, so that the person stays here',
}
