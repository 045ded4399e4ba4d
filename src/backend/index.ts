// The one place that names both: everywhere else a provider knows the backend and not the other way round.
export type { PrivateKeyInput, SigningAlgorithm } from '../providers/kit/backend/signing-key.js'
export { apiture, type ApitureBackendOptions } from '../providers/apiture/backend.js'
export {
  basis,
  type BasisBackendOptions,
  type BasisClaims,
  type BasisProfileClaim,
  type BasisReconciliationClaim,
} from '../providers/basis/backend.js'
export { fdx, type FdxBackendOptions } from '../providers/fdx/backend.js'
export type {
  FdxAdjustable,
  FdxConsentRequest,
  FdxConsentTemplate,
  FdxConsentTemplates,
} from '../providers/fdx/consent-request.js'
export type {
  FdxDataCluster,
  FdxDurationType,
  FdxInitiator,
  FdxResource,
  FdxRevocationReason,
} from '../providers/fdx/facts.js'
export {
  moneyhub,
  type MoneyhubBackendOptions,
  type MoneyhubClaims,
  type MoneyhubClientAuthentication,
  type MoneyhubDelivery,
  type MoneyhubKey,
} from '../providers/moneyhub/backend.js'
export type { CertificateAuthentication } from '../providers/kit/backend/client-certificate.js'
export type { ClientAuthentication } from '../providers/kit/backend/client-authentication.js'
export {
  defineBackendProvider,
  type BackendProviderDefinition,
} from '../providers/kit/backend/define-backend-provider.js'
export type { OAuthClient } from '../providers/kit/backend/oauth-client.js'
export { oauthClient, type OAuthClientSettings } from '../providers/kit/backend/public-oauth-client.js'
export type { IdTokenClaims } from '../protocol/id-token.js'
export type { RefreshedTokens } from '../protocol/refresh-tokens.js'
export type { FirstIdToken } from '../protocol/id-token.js'
export type { CheckedTokens } from '../protocol/token-endpoint.js'
export type { TokenSet, UncheckedTokens } from '../protocol/token-response.js'
export { oidc } from '../providers/oidc/backend.js'
export type {
  FapiKeyAuthentication,
  OidcBackendOptions,
  CertificateBinding,
  DpopBinding,
  OidcFapiOptions,
  OidcProfileOptions,
  OidcStandardOptions,
} from '../providers/oidc/options.js'
export type { AskedChecks } from '../protocol/asked-checks.js'
export {
  stitch,
  type StitchBackendOptions,
  type StitchClientAuthentication,
  type StitchIdTokenCheck,
} from '../providers/stitch/backend.js'
export type { Revocation } from '../protocol/revocation-result.js'
export type { BackendEvent, BackendLog, RecordKind } from './backend-events.js'
export type { BackendHealth, HealthOptions } from './health.js'
export { createBackend, type Backend } from './handler.js'
export type { BackendConnection, ConnectionHandle } from './connections/backend-connection.js'
export type {
  BackendAccessToken,
  BackendConnections,
  ConnectionRequest,
} from './connections/backend-connections.js'
export type { WebhookEvent, WebhookOptions } from './webhooks/webhooks.js'
export type { DueConnection } from './connections/due.js'
export type { UnattendedLimit } from './connections/unattended-limit.js'
export type { BackendOptions } from './options.js'
export type {
  AuthorizationSetup,
  AuthorizationStart,
  BackendProvider,
  BackendProviders,
  ClaimsOf,
  GrantToEnd,
  HeldConnection,
  InputForm,
  ProviderContext,
  ProviderGrant,
  ProviderRecords,
  ProviderRevocation,
  ReceivedAnswer,
  Redemption,
  RefreshedGrant,
  ResourceRoute,
  Resources,
  ServerIdentity,
  Session,
  SessionOf,
} from './provider.js'
export type {
  Delivery,
  KeyServer,
  ProviderWebhooks,
  WebhookKind,
  WebhookSignature,
} from './webhooks/provider-webhooks.js'
export type { ProviderInstitutions } from './institutions/provider-institutions.js'
export {
  memoryRateLimit,
  type RateLimit,
  type RateLimitAction,
  type RateLimitRequest,
  type RateLimits,
} from './http/rate-limit.js'
export { Refusal, type RefusalDetails } from './http/refusal.js'
export type { Lease, LeasedRecord, LeaseTerms } from './storage/lease.js'
export type { Store, StoreEntry } from './storage/store.js'
export { memoryStore, type MemoryStoreOptions } from './storage/memory.js'
export {
  postgresStore,
  type PostgresPool,
  type PostgresStore,
  type PostgresStoreOptions,
} from './storage/postgres.js'
export { redisStore, type RedisStoreOptions } from './storage/redis.js'
export type { RedisClient } from './storage/redis-client.js'
export type { RedisWait } from './storage/redis-replicas.js'
export { reseal, type ResealOptions, type ResealProgress } from './storage/reseal.js'
export type { Change } from './storage/records.js'
export type { Conclusion } from './storage/lease.js'
export type { CodeRequest } from '../protocol/code-request.js'
export type {
  ConnectionDocument,
  ContractErrorCode,
  InstitutionDocument,
  Json,
  JsonObject,
} from '../protocol/contract.js'
export type { Fetch } from '../protocol/http.js'
export type { RequestContext } from '../protocol/metadata-cache.js'
export type { Grant } from '../protocol/token-endpoint.js'
