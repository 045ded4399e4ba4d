/** Where the store of a replica is. */
export interface StoreLocation {
  readonly kind: 'redis' | 'redis-cluster' | 'postgres' | 'sqlite' | 'durable-objects'
  /** A URL, URLs with commas between them, or a path. */
  readonly at: string
}

/** A store that all replicas of a test share. */
export interface SharedStore extends StoreLocation {
  /** Forgets everything. */
  clear(): Promise<void>
  /** The server behind it, where there is one: ends as by a power failure, and starts again. */
  readonly server?: { kill(): Promise<void>; restart(): Promise<void> }
  close(): Promise<void>
}
