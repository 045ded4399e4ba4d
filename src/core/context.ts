import type { Fetch } from '../protocol/http.js'
import type { Platform } from '../platform/platform.js'
import type { Channel, WaitingAnswer } from './channel/channel.js'
import type { EarlyMetadata } from './channel/early-metadata.js'
import type { Outcome } from './callback/callback.js'
import type { HeldTokens } from './held-tokens.js'
import type { Emit } from './client-events.js'
import type { Provider } from './provider.js'
import type { CommonInput } from './input.js'
import { hasOwn } from '../protocol/has-own.js'

/** The app's backend, as the app gives it. */
export type BackendOption = string | { readonly url: string; readonly fetch?: Fetch }

/** State and functions that the parts of one client share. */
export interface Context {
  readonly platform: Platform
  readonly providers: Readonly<Record<string, Provider>>
  readonly backend: BackendOption | undefined
  /** The app's user: `''` for `singleUser`, `null` while nobody is signed in, `undefined` while it is not known. */
  readonly subject: () => string | null | undefined
  /** The user of a record that was read before the app's user was known: their id where it is the app's user. */
  readonly revealSubject: (subject: string) => Promise<string>
  /** Begins to watch: the test it gives is true while the same user has stayed. What a backend says, it says of a session. */
  readonly watchSubject: () => () => boolean
  /** Resolves when it is known who the app's user is. Never rejects. */
  readonly subjectKnown: () => Promise<unknown>
  /** Resolves when it is known who the app's user is. @throws {CountersignError} `subject_unknown` */
  readonly requireSubject: () => Promise<unknown>
  /** Calls back when everything shown or held must go: the app's user has changed or signed out. */
  readonly onReset: (listener: () => void) => void
  /** The registered redirect URI of a provider. */
  readonly redirectUri: (name: string) => string
  /** True where redirect URIs are pages of the app, too. */
  readonly hasSharedPages: boolean
  /** The path of the app's start page. */
  readonly startPath: string
  readonly tokens: HeldTokens
  /** Ids of the connections that this page has made, and so shows itself. */
  readonly made: Set<string>
  /** Has this page follow a change of records, its own or another page's. Resolves when it has. */
  readonly follow: (id: string) => Promise<void>
  /** Shows that the app's user must sign in before anything is known. */
  readonly requireSignIn: () => void
  /** The channels that are loaded, by provider; channel/open-channel.ts fills it. */
  readonly channels: Map<string, Promise<Channel>>
  /** Metadata that the first click of this page has looked up, by provider; channel/find-metadata.ts takes it. */
  readonly early: Map<string, Promise<EarlyMetadata>>
  /** Answers to codes that wait in this page, by `state`: see callback/waiting-answer.ts. */
  readonly answers: Map<string, WaitingAnswer>
  readonly emit: Emit
  /** The app's own function for how transactions ended; callback/report-outcome.ts calls it. */
  readonly onOutcome: ((outcome: Outcome) => void) | undefined
  /** Begins a connection again, with the provider and the input of one before. */
  readonly restart: (name: string, input: CommonInput) => Promise<unknown>
}

/** The provider of this name. @throws {TypeError} when the client has none. */
export function providerOf(context: Pick<Context, 'providers'>, name: string): Provider {
  const provider = hasOwn(context.providers, name) ? context.providers[name] : undefined
  if (!provider)
    throw new TypeError(`No provider "${name}" is configured: add it to createClient({ providers }).`)
  return provider
}
