export type { Authorization, AuthorizationState } from './authorization.js'
export type { CallbackState } from './callback.js'
export { createClient, type Client, type ClientOptions, type Providers } from './client.js'
export type { Connection } from './connection.js'
export type { ConnectionsState } from './connections.js'
export type { CountersignEvent } from './events.js'
export type { CommonInput, DetailsOf, InputArgument, InputOf, Mode, Provider } from './provider.js'
export type { ReadableStore } from './store.js'
export type { Connected, TokensState, WithAccessToken } from './tokens.js'
export {
  AuthorizationResponseError,
  BackendError,
  CountersignError,
  NetworkError,
  StorageError,
  TokenEndpointError,
  TransactionError,
  ValidationError,
  type ErrorCode,
  type Recovery,
} from '../protocol/errors.js'
