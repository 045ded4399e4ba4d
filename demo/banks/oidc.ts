import { startBank, type Bank, type BuiltBank, type Foundation } from './bank.js'
import { sendJson, type BankRequest, type Handler } from './http.js'
import { interact } from './interactions.js'
import { rewriteAnswers } from './oidc-answers.js'
import { configure } from './oidc-configuration.js'
import { Provider } from './oidc-provider.js'
import type { Middleware, OidcAction, OidcBehaviour, OidcSetup } from './oidc-setup.js'
import { createSigningKeys, type SigningKeys } from './signing-keys.js'
import { createStorage, type Storage } from './storage.js'

/** Opens a bank on a real oidc-provider. */
export async function startOidcBank<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
): Promise<Bank<B, OidcAction>> {
  const keys = await createSigningKeys(setup.signingAlgorithm)
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
  return startBank({ ...setup, actions }, (foundation) => build(setup, keys, storage, foundation))
}

async function build<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  storage: Storage,
  foundation: Foundation<B>,
): Promise<BuiltBank> {
  const { mount = '' } = setup
  const issuer = setup.issuer?.(foundation.origin) ?? foundation.origin + mount
  const hooks = await setup.hooks({ ...foundation, signEvent: (claims) => keys.signEvent(claims) })
  const provider = new Provider(issuer, configure(setup, hooks, keys, storage, foundation))
  provider.on('server_error', (_ctx, error) => {
    console.error(error)
  })
  if (hooks.around) provider.use(hooks.around)
  provider.use(rewriteAnswers(setup, hooks, keys, foundation))
  provider.use(interact(provider, setup, hooks, foundation.control))
  provider.use(askForConsent)
  return { issuer, handler: route(hooks.routes?.(provider) ?? {}, mount, provider.callback()) }
}

/**
 * oidc-provider silently drops offline_access from a request without prompt=consent. These banks ask for consent in any
 * case, so the prompt changes nothing else.
 */
const askForConsent: Middleware = async (ctx, next) => {
  const { scope, prompt } = ctx.query
  if (prompt === undefined && isOffline(scope)) ctx.query = { ...ctx.query, prompt: 'consent' }
  const request = ctx.req as BankRequest & { body: Buffer }
  const form = new URLSearchParams(request.body.toString())
  // A pushed request; other forms of a client have no response_type.
  if (form.has('response_type') && !form.has('prompt') && isOffline(form.get('scope'))) {
    request.body = Buffer.from(`${form.toString()}&prompt=consent`)
  }
  await next()
}

function isOffline(scope: unknown): boolean {
  return typeof scope === 'string' && scope.split(' ').includes('offline_access')
}

function route(
  routes: Readonly<Record<string, Handler>>,
  mount: string,
  callback: ReturnType<Provider['callback']>,
): Handler {
  return async (request, response) => {
    const handler = routes[request.path] ?? routes[Object.keys(routes).find(isAbove(request.path)) ?? '']
    if (handler) await handler(request, response)
    else if (request.path.startsWith(`${mount}/`)) await callback(below(mount, request), response)
    else sendJson(response, 404, { error: 'not_found' })
  }
}

const isAbove = (path: string) => (route: string) =>
  route.endsWith('/*') && path.startsWith(route.slice(0, -1))

/**
 * A request as oidc-provider wants it below a mount path. It reads the path from `baseUrl`; its other source,
 * `originalUrl`, stops matching as soon as a middleware changes the query.
 */
function below(mount: string, request: BankRequest): BankRequest {
  return Object.assign(request, { url: request.url?.slice(mount.length), baseUrl: mount })
}
