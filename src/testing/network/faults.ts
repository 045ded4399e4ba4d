import type { TakeTampering, TamperTarget } from '../servers/tamper.js'
import { placeOf } from '../servers/tamper.js'
import type { BackendEndpoint, BankRequest } from './requests.js'
import type { ProviderEndpoint } from '../servers/server.js'

/** Which request a fault is for: the next one that fits. */
export interface FaultTarget {
  /** The provider's name in the client's options. @defaultValue any */
  readonly provider?: string
  /** The side that it is sent to: the provider, or the app's backend. @defaultValue the provider */
  readonly to?: 'provider' | 'backend'
}

/** An answer in place of the endpoint's work. */
export interface Refusal {
  /** @defaultValue 400 */
  readonly status?: number
  /** The OAuth error, such as `invalid_grant`. @defaultValue `server_error` */
  readonly error?: string
  readonly headers?: Readonly<Record<string, string>>
}

type Effect = { readonly kind: 'lost' } | { readonly kind: 'refused'; readonly refusal: Refusal }

/** What goes wrong in one bank. */
export interface Faults {
  /** Milliseconds that every answer to the page takes. */
  readonly delayMilliseconds: () => number
  /** True while the device has no network. */
  readonly isOffline: () => boolean
  readonly setDelay: (milliseconds: number) => void
  readonly setOffline: (isOffline: boolean) => void
  readonly add: (endpoint: Endpoint, effect: Effect, target: FaultTarget) => void
  /** The effect on this request, which is used up. */
  readonly take: (request: BankRequest) => Effect | undefined
  readonly tamper: (what: TamperTarget, provider: string | undefined) => void
  readonly takeTampering: TakeTampering
}

/** The endpoints of a provider, and of the backend contract. `token` is also where tokens are refreshed. */
export type Endpoint = ProviderEndpoint | BackendEndpoint

/**
 * Makes a world in which nothing goes wrong.
 *
 * @param isOn Nothing goes wrong while it says no: what a test wants is not for what it begins with.
 */
export function createFaults(isOn: () => boolean): Faults {
  let delay = 0
  let offline = false
  const pending: { readonly endpoint: Endpoint; readonly effect: Effect; readonly target: FaultTarget }[] = []
  const tampering: { readonly what: TamperTarget; readonly provider: string | undefined }[] = []
  return {
    delayMilliseconds: () => (isOn() ? delay : 0),
    isOffline: () => isOn() && offline,
    setDelay(milliseconds) {
      delay = milliseconds
    },
    setOffline(isOffline) {
      offline = isOffline
    },
    add(endpoint, effect, target) {
      pending.push({ endpoint, effect, target })
    },
    take(request) {
      if (!isOn()) return undefined
      const index = pending.findIndex(
        ({ endpoint, target: { provider, to = 'provider' } }) =>
          endpoint === request.endpoint &&
          to === request.to &&
          (provider === undefined || provider === request.provider),
      )
      return index < 0 ? undefined : pending.splice(index, 1)[0]?.effect
    },
    tamper(what, provider) {
      tampering.push({ what, provider })
    },
    takeTampering(name, place) {
      if (!isOn()) return undefined
      const index = tampering.findIndex(
        ({ what, provider }) => placeOf(what) === place && (provider ?? name) === name,
      )
      return index < 0 ? undefined : tampering.splice(index, 1)[0]?.what
    },
  }
}
