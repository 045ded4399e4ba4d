import type { JWTPayload } from 'jose'
import type {
  ClientMetadata,
  Configuration,
  Grant,
  Interaction,
  KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import type { BankSetup, Foundation } from './bank.js'
import { behaviourFields, type Behaviour, type Fields } from './control.js'
import type { Html } from './html.js'
import type { Handler } from './http.js'
import type { ScopeTexts } from '../../src/testing/quirks/scopes.js'
import type { Person } from './people.js'
import type { IdTokenChange, SigningAlgorithm } from './signing-keys.js'
import type { Theme } from './theme.js'

/** What a bank on oidc-provider can be told to do. */
export interface OidcBehaviour extends Behaviour {
  readonly idToken?: IdTokenChange
}

/** The fields of {@link OidcBehaviour}. */
export const oidcFields: Fields<OidcBehaviour> = {
  ...behaviourFields,
  idToken: 'claims to overwrite in the ID Token, alg none or HS256, signature foreign or broken',
}

/** What such a bank can do at once. */
export type OidcAction = 'rotateKeys' | 'expireAccessTokens' | 'revokeGrants'

/** What a bank on oidc-provider is built on. */
export interface OidcFoundation<B extends OidcBehaviour> extends Foundation<B> {
  /** Signs what is no ID Token with the key of ID Tokens. */
  readonly signEvent: (claims: JWTPayload) => Promise<string>
}

/** A bank on oidc-provider, as far as it is known before it is open. */
export interface OidcSetup<B extends OidcBehaviour> extends Pick<
  BankSetup<B, OidcAction>,
  'theme' | 'clientId' | 'port' | 'portOption' | 'fields' | 'endpoint' | 'readers'
> {
  /** A short name for cookies, which do not keep ports apart. */
  readonly id: string
  /** Where oidc-provider lives below the origin: empty, the default, or such as `/oidc`. */
  readonly mount?: string
  /** The issuer identifier. @defaultValue origin and mount */
  readonly issuer?: (origin: string) => string
  readonly client: ClientMetadata & { readonly client_name: string }
  /** Every scope the bank knows, in the order of the consent page. */
  readonly scopes: ScopeTexts
  /** @defaultValue 3600 */
  readonly accessTokenSeconds?: number
  /** How ID Tokens are signed. @defaultValue 'RS256' */
  readonly signingAlgorithm?: SigningAlgorithm
  /** A person who cancels stays at the bank and is never sent back. */
  readonly keepsCancelled?: boolean
  /** What is this bank's own, made once its origin is known. */
  readonly hooks: (foundation: OidcFoundation<B>) => OidcHooks | Promise<OidcHooks>
}

/** What a bank does otherwise than oidc-provider. Every hook is optional. */
export interface OidcHooks {
  /** Merged over what all banks have, `ttl` and `features` member by member. */
  readonly configuration?: Configuration
  /** Runs around oidc-provider and all hooks below. */
  readonly around?: Middleware
  /** Throws one of oidc-provider's errors for an authorization request this bank refuses. */
  readonly checkRequest?: (parameters: Readonly<Record<string, unknown>>) => void
  /** Where the person is by now, where that is not the bank itself. */
  readonly theme?: (interaction: Interaction) => Theme
  /** More for the consent page's form. */
  readonly consent?: (interaction: Interaction) => Html
  /** The account that is connected, where it is not the person's own. */
  readonly account?: (interaction: Interaction, person: Person) => string
  /** Adds what a grant needs beside scopes, before it is saved; `form` is what the consent page sent. */
  readonly grant?: (grant: Grant, interaction: Interaction, form: URLSearchParams) => void
  /** Rewrites the parameters of an authorization response. */
  readonly redirect?: (parameters: URLSearchParams, ctx: Context) => URLSearchParams
  /** Rewrites the claims of an ID Token. */
  readonly idToken?: (claims: JWTPayload, response: TokenResponse, ctx: Context) => JWTPayload
  /** Rewrites a successful token response, after the ID Token was signed. */
  readonly tokenResponse?: (response: TokenResponse, ctx: Context) => TokenResponse
  /** Rewrites the discovery document. */
  readonly discovery?: (document: Record<string, unknown>) => Record<string, unknown>
  /** What the bank serves beside oidc-provider: handlers by path; one that ends in `/*` has everything below it. */
  readonly routes?: (provider: Provider) => Readonly<Record<string, Handler>>
}

/** The members of a token response. */
export interface TokenResponse extends Readonly<Record<string, unknown>> {
  readonly access_token: string
}

/** The context of oidc-provider's middleware; `oidc` is missing before and outside its routes. */
export type Context = KoaContextWithOIDC

/** A step around oidc-provider. */
export type Middleware = (ctx: Context, next: () => Promise<unknown>) => Promise<unknown>

/** Steps one after the other, each around the next. */
export const chain =
  (...steps: readonly Middleware[]): Middleware =>
  (ctx, next) =>
    steps.reduceRight<() => Promise<unknown>>((rest, step) => () => step(ctx, rest), next)()

/** The route of oidc-provider that has answered, such as `token`. */
export function routeOf(ctx: Context): string | undefined {
  return (ctx as Partial<Context>).oidc?.route
}

/** Where an answer redirects to. */
export function locationOf(ctx: Context): URL | undefined {
  const location = ctx.response.headers.location
  return typeof location === 'string' && URL.canParse(location) ? new URL(location) : undefined
}
