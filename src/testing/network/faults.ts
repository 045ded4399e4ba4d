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
  delayMilliseconds: number
  /** The device has no network. */
  offline: boolean
  readonly add: (endpoint: Endpoint, effect: Effect, target: FaultTarget) => void
  /** The effect on this request, which is used up. */
  readonly take: (request: BankRequest) => Effect | undefined
  readonly tamper: (what: TamperTarget, provider: string | undefined) => void
  readonly takeTampering: TakeTampering
}

/** The endpoints of a provider, and of the backend contract. `token` is also where tokens are refreshed. */
export type Endpoint = ProviderEndpoint | BackendEndpoint

/** Makes a world in which nothing goes wrong. */
export function createFaults(): Faults {
  const pending: { readonly endpoint: Endpoint; readonly effect: Effect; readonly target: FaultTarget }[] = []
  const tampering: { readonly what: TamperTarget; readonly provider: string | undefined }[] = []
  return {
    delayMilliseconds: 0,
    offline: false,
    add(endpoint, effect, target) {
      pending.push({ endpoint, effect, target })
    },
    take(request) {
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
      const index = tampering.findIndex(
        ({ what, provider }) => placeOf(what) === place && (provider ?? name) === name,
      )
      return index < 0 ? undefined : tampering.splice(index, 1)[0]?.what
    },
  }
}
