export type { Authorization } from './authorize/authorization.js'
export type { AuthorizationState } from './authorize/authorization-state.js'
export type { CallbackState } from './callback/callback.js'
export { createClient, type Client } from './client.js'
export type { ClientOptions, Providers } from './configuration.js'
export type { Connection } from './records/connection.js'
export type { ConnectionsState } from './connections/connections-state.js'
export type { CountersignEvent } from './client-events.js'
export type { CommonInput, Mode } from './input.js'
export type {
  DetailsOf,
  InputArgument,
  InputOf,
  ModeOf,
  Provider,
  ProviderChannel,
  UserinfoOf,
} from './provider.js'
export type { ReadableStore } from './readable-store.js'
export type { Userinfo } from './channel/channel.js'
export type { Connected, TokensState, WithAccessToken, WithUserinfo } from './connections/tokens.js'
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
