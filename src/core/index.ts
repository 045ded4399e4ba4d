export type { Interaction } from './authorize/interact.js'
export type { Authorization } from './authorize/authorization.js'
export type {
  ClickArgument,
  EventLike,
  KnownInput,
  MissingInput,
  OnlyKnownInput,
  SettledField,
} from './authorize/authorization-input.js'
export type { AuthorizationState } from './authorize/authorization-state.js'
export type { CallbackState, ConnectedOutcome, Outcome, Restartable, Resumable } from './callback/callback.js'
export { createClient, type AnyClient, type Client } from './client.js'
export type { ClientOptions } from './configuration.js'
export type { Connection } from './records/connection.js'
export type { Abandoned, ConnectionsState, ConnectionsStore } from './connections/connections-state.js'
export type { CountersignEvent } from './client-events.js'
export type {
  Institution,
  InstitutionsOptions,
  InstitutionsState,
} from './institutions/institutions-state.js'
export type { CommonInput, Mode } from './input.js'
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
  UserinfoOf,
} from './provider.js'
export type { ReadableStore } from './readable-store.js'
export type { Ready, ReadyOptions } from './connections/ready.js'
export type { SignedOut } from './connections/sign-out.js'
export { singleUser, type SubjectOption } from './subject.js'
export type { Userinfo } from './channel/channel.js'
export type {
  Connected,
  TokensState,
  TokensStateOf,
  WithAccessToken,
  WithUserinfo,
} from './connections/tokens-state.js'
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
} from '../protocol/errors.js'
export type { Revocation } from '../protocol/revocation-result.js'
