import type { BackendProvider, Fetch, JsonObject } from '../../backend/index.js'
import type { Provider } from '../../core/index.js'
import type { Memory } from '../memory.js'
import type { Randomness } from '../random.js'
import type { Dialect } from '../servers/dialect.js'
import type { RegisteredAuthentication } from '../servers/registration.js'

/** One provider of the app's options, with what its server needs. */
export interface ProviderSetup {
  readonly name: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a provider of whatever input, as in `Providers`
  readonly provider: Provider<any>
  readonly redirectUri: string
  /** Key of the app as a client that authenticates by assertions. */
  readonly clientKey: CryptoKeyPair
  /** The backend's way to a server that wants the client's certificate. */
  readonly fetchWithCertificate: Fetch
  readonly now: () => number
  readonly random: Randomness
  /** What the provider's own part of the server remembers. */
  readonly memory: Memory
}

/** A provider with its server and, where the app has a backend for it, the backend's half. */
export interface OpenedProvider {
  readonly dialect: Dialect
  readonly authentication: RegisteredAuthentication
  readonly backend: BackendProvider | undefined
  /** Makes the backend accept what the page chose, where that is the app's own affair. @returns the input for it */
  readonly admit?: (input: JsonObject | undefined) => JsonObject | undefined
}

/** Makes the server of a provider. */
export type Kind = (setup: ProviderSetup) => Promise<OpenedProvider> | OpenedProvider
