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
  return startBank({ ...setup, actions }, (foundation) => build(setup, keys, storage, foundation))
}

function build<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  keys: SigningKeys,
  storage: Storage,
  foundation: Foundation<B>,
): BuiltBank {
  const { mount = '' } = setup
  const issuer = setup.issuer?.(foundation.origin) ?? foundation.origin + mount
  const hooks = setup.hooks(foundation)
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
  if (prompt === undefined && typeof scope === 'string' && scope.split(' ').includes('offline_access')) {
    ctx.query = { ...ctx.query, prompt: 'consent' }
  }
  await next()
}

function route(
  routes: Readonly<Record<string, Handler>>,
  mount: string,
  callback: ReturnType<Provider['callback']>,
): Handler {
  return async (request, response) => {
    const handler = routes[request.path]
    if (handler) await handler(request, response)
    else if (request.path.startsWith(`${mount}/`)) await callback(below(mount, request), response)
    else sendJson(response, 404, { error: 'not_found' })
  }
}

/**
 * A request as oidc-provider wants it below a mount path. It reads the path from `baseUrl`; its other source,
 * `originalUrl`, stops matching as soon as a middleware changes the query.
 */
function below(mount: string, request: BankRequest): BankRequest {
  return Object.assign(request, { url: request.url?.slice(mount.length), baseUrl: mount })
}
