import type { ContractError } from '../protocol/contract.js'

/**
 * Something that happened, for logs and metrics. Holds no token, code, state, address or text of anybody else: names,
 * ids of connections, and fixed words.
 */
export interface BackendEvent {
  readonly name:
    | 'authorization_begun'
    | 'connected'
    | 'access_token_given'
    | 'tokens_refreshed'
    | 'reauthorization_required'
    | 'disconnected'
    | 'resource_requested'
    | 'refused'
    | 'failed'
  /** Epoch seconds. */
  readonly at: number
  readonly provider?: string | undefined
  /** A connection's id. */
  readonly connection?: string | undefined
  /** A short hash of the app's user: tells users apart, and cannot be read back. */
  readonly subject?: string | undefined
  /** For `refused`: the error that was answered. */
  readonly error?: ContractError | undefined
  /** For `refused` and `failed`: which check, or which code of a provider. */
  readonly reason?: string | undefined
}

/** Takes events. What it throws is ignored. */
export type BackendLog = (event: BackendEvent) => void
