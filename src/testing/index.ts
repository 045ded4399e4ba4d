export type { Approval } from './approval.js'
export type { AppTab, FakeBank, FakeBankOptions, StartingConnection, VisitOutcome } from './bank.js'
export { sampleAccounts } from './data/accounts.js'
export { fakeBank } from './fake-bank.js'
export type { Endpoint, FaultTarget, Refusal } from './network/faults.js'
export type { BackendEndpoint, BankRequest, RequestTarget } from './network/requests.js'
export type { ApiHandler, ApiRequest } from './open-servers.js'
export type { ProviderEndpoint } from './servers/server.js'
export type { TamperTarget } from './servers/tamper.js'
export {
  createTestClient,
  type TestCall,
  type TestClient,
  type TestConnection,
  type TestStates,
  type TestTokens,
} from './test-client.js'
