export type { Authorization } from './core/authorize/authorization.js'
export type { AuthorizationState } from './core/authorize/authorization-state.js'
export type { CallbackState } from './core/callback/callback.js'
export { createClient, type Client } from './core/client.js'
export type { ClientOptions, Providers } from './core/configuration.js'
export type { Connection } from './core/records/connection.js'
export type { ConnectionsState } from './core/connections/connections-state.js'
export type { CountersignEvent } from './core/client-events.js'
export type { CommonInput, Mode } from './core/input.js'
export type { DetailsOf, InputArgument, InputOf, ModeOf, Provider, ProviderChannel } from './core/provider.js'
export type { ReadableStore } from './core/readable-store.js'
export type { Userinfo } from './core/channel/channel.js'
export type { Connected, TokensState, WithAccessToken, WithUserinfo } from './core/connections/tokens.js'
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
} from './protocol/errors.js'
export { CountersignProvider, useClient, type CountersignProviderProps } from './react/provider.js'
export type { Register, RegisteredClient } from './react/register.js'
export { useAuthorize, type UseAuthorizeResult } from './react/use-authorize.js'
export { useAuthorizationCallback, useCallback } from './react/use-callback.js'
export { useConnections, type UseConnectionsOptions } from './react/use-connections.js'
export { useTokens, type UseTokensOptions } from './react/use-tokens.js'
