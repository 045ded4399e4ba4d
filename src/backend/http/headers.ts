/**
 * What goes on to a provider's API of a page's headers, beside what the backend itself says. There are no conditional
 * requests: an answer is kept nowhere (`no-store`), so no `If-None-Match` has anything to compare with.
 */
export const forwardedHeaders: readonly string[] = ['idempotency-key', 'x-fapi-interaction-id']

/** What comes back of an API's headers, beside the backend's own. */
export const relayedHeaders: readonly string[] = ['retry-after', 'x-fapi-interaction-id']

/** What a page on another origin may send: what the contract and the app's session need, and what goes on. */
export const sendableHeaders: readonly string[] = [
  'authorization',
  'content-type',
  'countersign',
  ...forwardedHeaders,
]

/** What a page on another origin may read: what tells whose answer it is, and what comes back. */
export const readableHeaders: readonly string[] = ['countersign', ...relayedHeaders]
