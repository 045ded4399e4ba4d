import type { ContractErrorCode } from '../protocol/contract.js'

/**
 * An event, for logs and metrics. It holds names, ids of connections and fixed words: no token, code, state, address or
 * received text.
 */
export interface BackendEvent {
  readonly name:
    | 'authorization_begun'
    | 'connected'
    | 'access_token_given'
    | 'tokens_refreshed'
    | 'reauthorization_required'
    /** A connection's status has become `failed`: two requests to refresh it in a row got no usable answer. Worth a look. */
    | 'refresh_failed'
    | 'disconnected'
    /** A grant whose end the provider had not confirmed at the disconnection has been ended by a later attempt. */
    | 'grant_ended'
    | 'resource_requested'
    /** The app was told of an event by `onEvent` of `backend.webhooks`. */
    | 'webhook_received'
    | 'refused'
    | 'failed'
    /**
     * A record of the store is there and cannot be read, because its key is missing from `keys` or it was damaged. Nothing
     * is written over it: put the key back. Worth an alarm.
     */
    | 'record_unreadable'
  /** Epoch seconds. */
  readonly at: number
  /**
   * The id of the request, a UUID: the page's `x-fapi-interaction-id`, or one made here. The answer has it in that header, and so
   * has the request to a provider's API. Absent for what belongs to no request.
   */
  readonly correlation?: string | undefined
  /** `false` for what the server has done on its own, by `backend.connections`; absent where a page has asked. */
  readonly attended?: false | undefined
  readonly provider?: string | undefined
  /** A connection's id. */
  readonly connection?: string | undefined
  /** The beginning of an HMAC of the app's user, under `subjectKeySecret`: tells users apart, and nobody who they are. */
  readonly subject?: string | undefined
  /** For `refused`: the error that was answered. */
  readonly error?: ContractErrorCode | undefined
  /**
   * For `refused` and `failed`: the check, or the provider's error code. For `connected`: what of the new connection could not
   * be read, such as `consent_unread:status_403`. For `reauthorization_required`: `invalid_grant`,
   * `refused_twice`, or `consent_ended`. For `refresh_failed`: `refresh_unanswered`. For `record_unreadable`: `unknown_key` (sealed by
   * a key that is not among `keys`), `no_keys` (sealed, and there are no `keys`), `not_sealed` (written before there were
   * `keys`), or `damaged`.
   */
  readonly reason?: string | undefined
  /** For `record_unreadable`: the kind of record. */
  readonly record?: RecordKind | undefined
}

/**
 * Kinds of records in the store: the list of a user's connections, a connection with its tokens, a transaction, the count
 * of a user's pending transactions, grants that a provider has yet to end, answers that wait to be checked, records of a provider's own, such as Moneyhub's users, a
 * part of the index of connections to use in time or of those that webhooks mean, a delivery of a webhook, the one that tells at
 * the start whether the keys are right, and the one that tells for `health` whether the store takes writes.
 */
export type RecordKind =
  | 'connections'
  | 'connection'
  | 'transaction'
  | 'transactions'
  | 'endings'
  | 'answers'
  | 'provider'
  | 'due'
  | 'webhook'
  | 'delivery'
  | 'canary'
  | 'health'

/** Takes events. Its errors are ignored. */
export type BackendLog = (event: BackendEvent) => void
