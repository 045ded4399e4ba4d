export { remoteAddress, toNodeListener, type NodeListener, type NodeListenerOptions } from './listener.js'
export { mtlsFetch, type MtlsFetchOptions } from './mtls-fetch.js'
export {
  sqliteStore,
  type SqliteDatabase,
  type SqliteStatement,
  type SqliteStore,
  type SqliteStoreOptions,
} from './sqlite.js'
