/** Options of {@link checkBackend}. */
export interface CheckOptions {
  /** The backend's base URL, such as `http://localhost:3000/connect`. */
  readonly baseUrl: string
  /** The origin of the app's pages, which the backend accepts. */
  readonly origin: string
  /** The contract's level: 2 adds `bff` and its resources. */
  readonly level: 1 | 2
  /** The names under which the backend has the scripted provider. */
  readonly providers: { readonly mediated: string; readonly bff: string }
  /** The registered redirect URI, with `{provider}` for the provider's name. */
  readonly redirectUri: string
  /** The port on 127.0.0.1 where the backend expects the scripted provider. */
  readonly providerPort: number
  /** Headers that say who is signed in to the app: a user, and another one. */
  readonly sessions: {
    readonly user: Readonly<Record<string, string>>
    readonly other: Readonly<Record<string, string>> | undefined
  }
  /** Sends requests until the backend says 429, too. */
  readonly rateLimit: boolean
  /** Names of the rules to run; absent: all. */
  readonly only?: readonly string[] | undefined
}

/** The configuration of a backend for the scripted provider, given the check's options. */
export interface ProviderSettings {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly revocation_endpoint: string
  readonly api: string
  readonly scope: string
  readonly redirect_uri: string
}

/** The scope that the backend is to have for the scripted provider. */
export const providerScope = 'accounts payments'

/** The redirect URI of one of the two providers. */
export function redirectUriOf({ redirectUri }: Pick<CheckOptions, 'redirectUri'>, provider: string): string {
  return redirectUri.replaceAll('{provider}', provider)
}

/** The settings of the scripted provider for one of the two names. */
export function settingsOf(
  options: Pick<CheckOptions, 'redirectUri' | 'providerPort'>,
  provider: string,
): ProviderSettings {
  const issuer = `http://127.0.0.1:${String(options.providerPort)}`
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    api: `${issuer}/api/`,
    scope: providerScope,
    redirect_uri: redirectUriOf(options, provider),
  }
}
