export type { Interaction } from './core/authorize/interact.js'
export type { Authorization } from './core/authorize/authorization.js'
export type {
  ClickArgument,
  EventLike,
  KnownInput,
  MissingInput,
  OnlyKnownInput,
  SettledField,
} from './core/authorize/authorization-input.js'
export type { AuthorizationState } from './core/authorize/authorization-state.js'
export type {
  CallbackState,
  ConnectedOutcome,
  Outcome,
  Restartable,
  Resumable,
} from './core/callback/callback.js'
export { createClient, type AnyClient, type Client } from './core/client.js'
export type { ClientOptions } from './core/configuration.js'
export type { BackendOption } from './core/context.js'
export type { Connection } from './core/records/connection.js'
export type { Abandoned, ConnectionsState, ConnectionsStore } from './core/connections/connections-state.js'
export type { CountersignEvent } from './core/client-events.js'
export type {
  Institution,
  InstitutionsOptions,
  InstitutionsState,
} from './core/institutions/institutions-state.js'
export type { CommonInput, Mode } from './core/input.js'
export type {
  ConnectionOf,
  DetailsOf,
  InputOf,
  InstitutionInputOf,
  ModeOf,
  Provider,
  ProviderChannel,
  ProviderName,
  Providers,
} from './core/provider.js'
export type { ReadableStore } from './core/readable-store.js'
export type { Ready, ReadyOptions } from './core/connections/ready.js'
export type { SignedOut } from './core/connections/sign-out.js'
export { singleUser, type SubjectOption } from './core/subject.js'
export type { Userinfo } from './core/channel/channel.js'
export type {
  Connected,
  TokensState,
  TokensStateOf,
  WithAccessToken,
  WithUserinfo,
} from './core/connections/tokens-state.js'
export {
  AuthorizationResponseError,
  BackendError,
  CountersignError,
  NetworkError,
  StepUpError,
  StorageError,
  TokenEndpointError,
  TransactionError,
  ValidationError,
  type ErrorCode,
  type Recovery,
} from './protocol/errors.js'
export type { UnrevokedReason } from './protocol/contract.js'
export type { ErrorDetails } from './protocol/errors/base.js'
export type { Revocation } from './protocol/revocation-result.js'
export {
  CountersignProvider,
  useClient,
  type ClientOption,
  type CountersignProviderProps,
} from './react/provider.js'
export type { ProvidedClient, Register, RegisteredClient } from './react/register.js'
export { useAuthorize, type UseAuthorizeResult } from './react/use-authorize.js'
export { useAuthorizationCallback, useCallback } from './react/use-callback.js'
export {
  useConnections,
  type UseConnectionsOptions,
  type UseConnectionsResult,
} from './react/use-connections.js'
export { useInstitutions, type UseInstitutionsOptions } from './react/use-institutions.js'
export { useConnection, useTokens, type UseConnectionOptions } from './react/use-connection.js'
