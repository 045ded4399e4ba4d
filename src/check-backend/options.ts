/** What the backend under test uses a scripted provider for. */
export type Role = 'mediated' | 'bff' | 'openid'

/** Options of {@link checkBackend}. */
export interface CheckOptions {
  /** The backend's base URL, such as `http://localhost:3000/connect`. */
  readonly baseUrl: string
  /** The origin of the app's pages, which the backend accepts. */
  readonly origin: string
  /** The contract's level: 2 adds `bff` and its resources. */
  readonly level: 1 | 2
  /** `required` leaves out the rules that are hardening. */
  readonly tier: 'required' | 'all'
  /** Names under which the backend has the scripted provider. Without `openid`, ID Tokens are left out. */
  readonly providers: Readonly<Record<'mediated' | 'bff', string>> & { readonly openid: string | undefined }
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
  readonly mode: 'mediated' | 'bff'
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly revocation_endpoint: string
  readonly jwks_uri: string
  readonly api: string
  /** Routes of the API that pages may reach, in `bff` mode. */
  readonly resources: readonly ResourceSettings[]
  readonly scope: string
  readonly redirect_uri: string
}

interface ResourceSettings {
  readonly method: 'GET' | 'POST'
  readonly path: `/${string}`
  readonly query?: readonly string[]
}

/** The scope that the backend is to have for the scripted provider; `openid` stands before it where there are ID Tokens. */
export const providerScope = 'accounts payments'

const resources: readonly ResourceSettings[] = [
  { method: 'GET', path: '/accounts', query: ['limit'] },
  { method: 'GET', path: '/accounts/{accountId}' },
  { method: 'GET', path: '/{customerId}/transactions' },
  { method: 'POST', path: '/payments' },
]

/** The backend's name for the provider in a role. @throws {TypeError} where it has none. */
export function nameOf({ providers }: Pick<CheckOptions, 'providers'>, role: Role): string {
  const name = providers[role]
  if (name === undefined) throw new TypeError(`No ${role} provider is named.`)
  return name
}

/** The settings of the scripted provider in a role. */
export function settingsOf(
  options: Pick<CheckOptions, 'providers' | 'redirectUri' | 'providerPort'>,
  role: Role,
): ProviderSettings {
  const issuer = `http://127.0.0.1:${String(options.providerPort)}`
  return {
    mode: role === 'bff' ? 'bff' : 'mediated',
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    jwks_uri: `${issuer}/jwks`,
    api: `${issuer}/api/`,
    resources: role === 'bff' ? resources : [],
    scope: role === 'openid' ? `openid ${providerScope}` : providerScope,
    redirect_uri: options.redirectUri.replaceAll('{provider}', nameOf(options, role)),
  }
}
