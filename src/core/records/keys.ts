// The keys of all records in IndexedDB: each kind has a prefix of its own, so that none is told by its shape.

const transactionPrefix = 'transaction:'

/** Key of a transaction, and of what is left of it when it has ended. */
export const transactionKey = (state: string): string => transactionPrefix + state

/**
 * The state of a transaction's key; `undefined` for any other key. Version 0.1 stored transactions under their bare
 * `state`: those are still read, and get the prefix when they are redeemed.
 */
export const stateOf = (key: string): string | undefined =>
  key.startsWith(transactionPrefix)
    ? key.slice(transactionPrefix.length)
    : /^[\w-]{43}$/.test(key)
      ? key
      : undefined

/**
 * The part of a state by which a transaction may be named in public (history state, events, messages to other tabs).
 * The 162 bits that are left cannot be guessed.
 */
export const transactionId = (state: string): string => state.slice(0, 16)

/** Key of a connection's record. */
export const connectionKey = (id: string): string => `connection:${id}`

/** Key of a connection's stored tokens. */
export const tokensKey = (connectionId: string): string => `tokens:${connectionId}`

/** Key of a lease that stands in for a Web Lock: platform/fallback-lease.ts writes it. */
export const leaseKey = (name: string): string => `lease:${name}`

/** Key of the note that a connection was disconnected: for pages that have tokens of it which no other page has. */
export const disconnectedKey = (connectionId: string): string => `disconnected:${connectionId}`

/** Key of an interaction, by the provider's id of it. */
export const interactionKey = (id: string): string => `interaction:${id}`

/** Key of the DPoP key pair of a provider. */
export const dpopKey = (provider: string): string => `dpop:${provider}`

/** Key of the metadata of a provider's authorization server. */
export const metadataKey = (provider: string): string => `metadata:${provider}`

/** Key of the time at which the backend was last asked for the connections of a subject. */
export const syncedKey = (subject: string): string => `synced:${subject}`

/** Key of the key that stands users' names for their ids in these records; see hidden-subjects.ts. */
export const subjectKeyKey = 'subject-key'

/** Key of the note of who is signed in to the app; the same word is announced when it changes. */
export const sessionKey = 'session'
