/**
 * Headers of a page that go on to a provider's API, beside the backend's own. There are no conditional requests: no
 * answer is kept (`no-store`), so `If-None-Match` would have nothing to compare with.
 */
export const forwardedHeaders: readonly string[] = ['idempotency-key', 'x-fapi-interaction-id']

/** Headers of an API's answer that go back to the page, beside the backend's own. */
export const relayedHeaders: readonly string[] = ['retry-after', 'x-fapi-interaction-id']

/** Headers that a page on another origin may send: those of the contract and the app's session, and forwarded ones. */
export const sendableHeaders: readonly string[] = [
  'authorization',
  'content-type',
  'countersign',
  'countersign-subject',
  ...forwardedHeaders,
]

/** Headers that a page on another origin may read: the contract's own, and relayed ones. */
export const readableHeaders: readonly string[] = ['countersign', ...relayedHeaders]
