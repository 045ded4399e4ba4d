import type { JsonObject } from '../../protocol/contract.js'
import type { HeldConnection, ProviderContext } from '../provider-given.js'

/** How a provider signs its webhooks: as security event tokens (RFC 8417). */
export interface WebhookSignature {
  /** The `iss` of its events; not necessarily that of its ID Tokens. */
  readonly issuer: string
  /** The `aud`: this client's id. */
  readonly audience: string
  /** @defaultValue `RS256`, `PS256` and `ES256` */
  readonly algorithms?: readonly string[]
  /** The server whose keys sign: one object for as long as its keys may be kept. */
  readonly server: (context: ProviderContext) => Promise<KeyServer>
}

/** What is needed of a server's metadata (RFC 8414 §2) to find its keys. */
export interface KeyServer {
  readonly issuer: string
  /** URL of its JWK Set. Without one, no signature can be checked. */
  readonly jwks_uri?: string
}

/** Kinds of what a provider tells; see {@link WebhookEvent}. */
export type WebhookKind = 'synced' | 'data_changed' | 'renewal_needed' | 'other'

/** One delivery of a provider's webhooks, read. */
export interface Delivery {
  /** The name of whom it is about, as {@link ProviderWebhooks.nameOf} gives it. */
  readonly name: string
  readonly events: readonly {
    /** The provider's own name of the event. */
    readonly name: string
    readonly kind: WebhookKind
    readonly detail: JsonObject
    /** Which of the connections of that name it is about. @defaultValue all */
    readonly isAbout?: (connection: HeldConnection) => boolean
  }[]
}

/** The webhooks of a provider. */
export interface ProviderWebhooks {
  /** Absent: nothing is signed. Then an event has no details, and says no more than that there is something to read. */
  readonly signature?: WebhookSignature
  /** The name that deliveries have for a connection, such as Moneyhub's user id. It must not change while the connection lives. */
  readonly nameOf: (connection: HeldConnection) => string | undefined
  /** Reads a delivery: the claims of a verified token, or unsigned JSON. `undefined` for what is none. */
  readonly read: (payload: JsonObject) => Delivery | undefined
}
