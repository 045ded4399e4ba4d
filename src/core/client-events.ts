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
  /**
   * The transaction's id, which is that of the flow from the click to its end, over all pages; or for `access_token_received`,
   * `disconnected` and `refresh_token_not_rotated` the connection's id. For `backend_requested` whichever the request is for, or
   * `connections` for the list of them.
   */
  readonly id: string
  /** Epoch seconds. */
  readonly at: number
  /**
   * The provider's name for `authorization_started`, `redemption_sent`, `access_token_received`, `disconnected` and
   * `refresh_token_not_rotated`; for `response_received` what is done with it; for `transaction_ended` the outcome, which is
   * `connected`, `cancelled`, `denied` or the code of the error; for `backend_requested` the endpoint; for `clock_differs`, the minutes by which the device's clock is
   * ahead of the server's, negative where it is behind.
   */
  readonly detail?: string
  /** For `transaction_ended`: seconds since the transaction was made, which is at the click, or just before it when it was prepared. */
  readonly seconds?: number
  /**
   * For `backend_requested`: the id of the request, a UUID. The backend's own events have it as `correlation`, and so has the error
   * that comes of the request.
   */
  readonly correlation?: string
}

/** Tells the listeners of an event. `since`: the time that its `seconds` are counted from. */
export type Emit = (
  type: CountersignEvent['type'],
  id: string,
  detail?: string,
  more?: { readonly since?: number; readonly correlation?: string },
) => void
