import './quiet.js'
import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { decodeJwt, type JWTPayload } from 'jose'
import {
  errors,
  Provider,
  type ClientMetadata,
  type Configuration,
  type Grant,
  type Interaction,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import { startBank, type Bank, type BankSetup, type Foundation } from './bank.js'
import { behaviourFields, type Behaviour, type Fields } from './control.js'
import { pageHeaders, sendJson, type BankRequest, type Handler } from './http.js'
import type { Html } from './html.js'
import { interactionsAt } from './interactions.js'
import { messagePage, type ScopeText } from './pages.js'
import { findPerson } from './people.js'
import { applyChanges, createSigningKeys, type IdTokenChange, type SigningKeys } from './signing-keys.js'
import { createStorage, type Storage } from './storage.js'

/** What a bank with oidc-provider can be told to do. */
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

/** The context of oidc-provider's middleware. Before and outside its routes `oidc` is missing. */
export type Context = KoaContextWithOIDC

/** A step around oidc-provider. */
export type Middleware = (ctx: Context, next: () => Promise<unknown>) => Promise<unknown>

/** A bank on top of oidc-provider. Every hook is optional and sees what oidc-provider made of the request. */
export interface OidcSetup<B extends OidcBehaviour> extends Pick<
  BankSetup<B, OidcAction>,
  'theme' | 'clientId' | 'port' | 'portOption' | 'fields' | 'endpoint' | 'readers'
> {
  /** A short name for cookies, which do not keep ports apart. */
  readonly id: string
  /** Where oidc-provider lives below the origin: empty or such as `/oidc`. */
  readonly mount?: string
  /** The issuer identifier. @defaultValue origin and mount */
  readonly issuer?: (origin: string) => string
  readonly client: ClientMetadata & { readonly client_name: string }
  /** Every scope the bank knows. */
  readonly scopes: Readonly<Record<string, ScopeText>>
  readonly configuration?: (foundation: Foundation<B>) => Configuration
  /** Throws one of oidc-provider's errors for an authorization request this bank refuses. */
  readonly checkRequest?: (parameters: Readonly<Record<string, unknown>>) => void
  /** Adds what a grant needs beside scopes, before it is saved. */
  readonly grant?: (grant: Grant, interaction: Interaction, form: URLSearchParams) => void
  /** More for the consent page's form. */
  readonly consent?: (interaction: Interaction) => Html
  /** A person who cancels stays at the bank and is never sent back. */
  readonly keepsCancelled?: boolean
  /** Rewrites the parameters of an authorization response. */
  readonly redirect?: (parameters: URLSearchParams, ctx: Context) => URLSearchParams
  /** Rewrites the claims of an ID Token. */
  readonly idToken?: (claims: JWTPayload, response: TokenResponse, ctx: Context) => JWTPayload
  /** Rewrites a successful token response. */
  readonly tokenResponse?: (response: TokenResponse, ctx: Context) => TokenResponse
  /** Rewrites the discovery document. */
  readonly discovery?: (document: Record<string, unknown>) => Record<string, unknown>
  /** Runs around oidc-provider and everything above. */
  readonly around?: Middleware
  /** What else the bank serves: handlers by path. */
  readonly routes?: (provider: Provider, foundation: Foundation<B>) => Readonly<Record<string, Handler>>
}

/** The members of a token response. */
export type TokenResponse = Record<string, unknown> & { readonly access_token: string }

/** Opens a bank on top of a real oidc-provider. */
export async function startOidcBank<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
): Promise<Bank<B, OidcAction>> {
  const keys = await createSigningKeys()
  const storage = createStorage()
  const actions = {
    rotateKeys: () => keys.rotate(),
    expireAccessTokens: () => {
      storage.forget('AccessToken')
    },
    revokeGrants: () => {
      storage.forget('Grant')
    },
  }
  return startBank({ ...setup, actions }, (foundation) =>
    Promise.resolve(build(setup, keys, storage, foundation)),
  )
}

function build<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  storage: Storage,
  foundation: Foundation<B>,
) {
  const mount = setup.mount ?? ''
  const issuer = setup.issuer?.(foundation.origin) ?? foundation.origin + mount
  const provider = new Provider(issuer, configure(setup, keys, storage, foundation))
  if (setup.around) provider.use(setup.around)
  provider.use(rewriting(setup, keys, foundation))
  provider.use(interactionsAt(provider, setup, foundation.control))
  provider.use(askForConsent)
  const handler = route(setup.routes?.(provider, foundation) ?? {}, mount, provider.callback())
  return { issuer, handler }
}

function route(
  routes: Readonly<Record<string, Handler>>,
  mount: string,
  callback: ReturnType<Provider['callback']>,
): Handler {
  return async (request, response) => {
    const handler = routes[request.path]
    if (handler) return handler(request, response)
    if (!request.path.startsWith(`${mount}/`)) {
      sendJson(response, 404, { error: 'not_found' })
      return
    }
    await callback(mounted(request, mount), response)
  }
}

/** What oidc-provider and Koa read of a mounted request; `baseUrl` is how Connect tells the mount path. */
function mounted(request: BankRequest, mount: string): BankRequest {
  return Object.assign(request, { url: (request.url ?? '/').slice(mount.length), baseUrl: mount })
}

function configure<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  storage: Storage,
  foundation: Foundation<B>,
): Configuration {
  const { id, mount = '', client, scopes } = setup
  const own = setup.configuration?.(foundation) ?? {}
  return {
    adapter: storage.adapter,
    clients: [client],
    jwks: { keys: [keys.privateJwk] },
    scopes: Object.keys(scopes),
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: `${id}_session`, interaction: `${id}_interaction`, resume: `${id}_resume` },
    },
    interactions: { url: (_ctx, interaction) => `${mount}/interaction/${interaction.uid}` },
    findAccount: (_ctx, accountId) => findAccount(accountId),
    loadExistingGrant: async (ctx) => {
      // Only the grant of this very interaction: a person is asked every time.
      const grantId = ctx.oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId)
    },
    expiresWithSession: () => false,
    responseTypes: ['code'],
    renderError: (ctx, { error, error_description }) => {
      ctx.set(pageHeaders)
      ctx.body = errorPage(setup, ctx.status, error, error_description)
    },
    ...own,
    extraParams: {
      // oidc-provider runs this whether or not the parameter is there, after its own checks.
      checked: (ctx) => setup.checkRequest?.(ctx.oidc.params ?? {}),
      ...(own.extraParams as Record<string, null> | undefined),
    },
    ttl: {
      AccessToken: () => foundation.control.take('accessTokenSeconds') ?? 3600,
      AuthorizationCode: 60,
      Grant: 2 * year,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 60 * day,
      Session: 3600,
      ...own.ttl,
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      ...own.features,
    },
  }
}

const day = 24 * 3600
const year = 365 * day

function findAccount(accountId: string) {
  const person = findPerson(accountId)
  if (!person) return undefined
  const { name, email } = person
  return { accountId, claims: () => ({ sub: accountId, name, email }) }
}

/** The page of an error that is not sent back to the app. */
export function errorPage<B extends OidcBehaviour>(
  setup: Pick<OidcSetup<B>, 'theme'>,
  status: number,
  error: string,
  description?: string,
): string {
  const title = `${String(status)} ${STATUS_CODES[status] ?? ''}`.trim()
  return messagePage(setup.theme, title, description === undefined ? error : `${error}: ${description}`)
    .markup
}

/** oidc-provider silently drops offline_access from a request without prompt=consent; banks ask in any case. */
const askForConsent: Middleware = async (ctx, next) => {
  const scope = ctx.query['scope']
  const asks =
    ctx.method === 'GET' && typeof scope === 'string' && scope.split(' ').includes('offline_access')
  if (asks && ctx.query['prompt'] === undefined) ctx.query = { ...ctx.query, prompt: 'consent' }
  await next()
}

/** Gives every answer of oidc-provider this bank's own shape, and then the shape the control asks for. */
function rewriting<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  { control }: Foundation<B>,
): Middleware {
  const routes: Record<string, (ctx: Context) => Promise<void> | void> = {
    token: (ctx) => rewriteToken(setup, keys, control, ctx),
    jwks: (ctx) => {
      ctx.body = keys.jwks()
    },
    discovery: (ctx) => {
      ctx.body = setup.discovery?.(ctx.body as Record<string, unknown>) ?? ctx.body
    },
    authorization: (ctx) => {
      rewriteRedirect(setup, control, ctx)
    },
    resume: (ctx) => {
      rewriteRedirect(setup, control, ctx)
      // The next authorization asks who it is again, so that ada can be followed by grace.
      ctx.cookies.set(`${setup.id}_session`, null, { overwrite: true })
    },
  }
  return async (ctx, next) => {
    await next()
    const route = routeOf(ctx)
    if (route !== undefined) await routes[route]?.(ctx)
  }
}

/** The route of oidc-provider that has answered. */
export function routeOf(ctx: Context): string | undefined {
  return (ctx as Partial<Context>).oidc?.route
}

function rewriteRedirect<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  control: Foundation<B>['control'],
  ctx: Context,
): void {
  const location = ctx.response.get('location')
  const target = setup.client.redirect_uris?.find((uri) => location.startsWith(uri))
  if (target === undefined) return
  const url = new URL(location)
  const parameters = setup.redirect?.(url.searchParams, ctx) ?? url.searchParams
  url.search = new URLSearchParams(
    applyChanges(Object.fromEntries(parameters), control.take('redirect') ?? {}),
  ).toString()
  ctx.redirect(url.href)
}

async function rewriteToken<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  control: Foundation<B>['control'],
  ctx: Context,
): Promise<void> {
  if (ctx.status !== 200) return
  const issued = ctx.body as TokenResponse
  const response = setup.tokenResponse?.(issued, ctx) ?? issued
  const idToken = await mintIdToken(setup, keys, control, response, ctx)
  const refreshes = ctx.oidc.params?.['grant_type'] === 'refresh_token'
  const changes = control.take(refreshes ? 'refreshResponse' : 'tokenResponse') ?? {}
  ctx.body = applyChanges({ ...response, ...idToken }, changes)
}

/** ID Tokens are signed here and not by oidc-provider, so that claims, keys and signatures can be of any kind. */
async function mintIdToken<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  control: Foundation<B>['control'],
  response: TokenResponse,
  ctx: Context,
): Promise<{ id_token?: string }> {
  const { id_token } = response
  if (typeof id_token !== 'string') return {}
  const claims = decodeJwt(id_token)
  return {
    id_token: await keys.sign(setup.idToken?.(claims, response, ctx) ?? claims, control.take('idToken')),
  }
}

export { errors }
