/** The key of a connection's record; a transaction lies under its bare `state`. */
export const connectionKey = (id: string): string => `connection:${id}`

/** The key under which the tokens of a connection lie. */
export const tokensKey = (connectionId: string): string => `tokens:${connectionId}`

/** Under this key lies when the backend was last asked for the connections of a subject. */
export const syncedKey = (subject: string): string => `synced:${subject}`

/** Under this key lies a hash of who is signed in to the app; the same word is announced when it changes. */
export const sessionKey = 'session'
