/** An event, for telemetry and devtools. Holds names, ids and codes only: never a token, a code or a URL. */
export interface CountersignEvent {
  readonly type:
    | 'authorization_started'
    | 'response_received'
    | 'redemption_sent'
    /** A request of the contract leaves for the backend; `detail` is the endpoint, such as `token`. */
    | 'backend_requested'
    | 'clock_differs'
    | 'transaction_ended'
    | 'access_token_received'
    | 'disconnected'
    /** In `browser` mode: the server left a refresh token good that is bound to nothing (RFC 9700 §2.2.2 asks for one of both). */
    | 'refresh_token_not_rotated'
  /** The transaction's or the connection's id; `connections` for what concerns the list of them. */
  readonly id: string
  /** Epoch seconds. */
  readonly at: number
  /**
   * The provider's name, a status or an error code, as the type has it; for `clock_differs`, the minutes by which the device's
   * clock is ahead of the server's, negative where it is behind.
   */
  readonly detail?: string
  /**
   * For `backend_requested`: the id of the request, a UUID. The backend's own events have it as `correlation`, and so has the error
   * that comes of the request.
   */
  readonly correlation?: string
}

/** Tells the listeners of an event. */
export type Emit = (type: CountersignEvent['type'], id: string, detail?: string, correlation?: string) => void
