import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Configuration } from 'oidc-provider'
import type { Foundation } from './bank.js'
import { pageHeaders } from './http.js'
import type { Context, OidcBehaviour, OidcHooks, OidcSetup } from './oidc-setup.js'
import { messagePage } from './pages.js'
import { findPerson } from './people.js'
import type { SigningKeys } from './signing-keys.js'
import type { Storage } from './storage.js'
import type { Theme } from './theme.js'

const day = 24 * 3600

/** The configuration all banks have, with this bank's own over it. */
export function configure<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  hooks: OidcHooks,
  keys: SigningKeys,
  storage: Storage,
  { control }: Foundation<B>,
): Configuration {
  const { id, mount = '', client, scopes, theme } = setup
  const own = hooks.configuration ?? {}
  return {
    adapter: storage.adapter,
    clients: [client],
    jwks: { keys: [keys.privateJwk] },
    responseTypes: ['code'],
    scopes: Object.keys(scopes),
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: `${id}_session`, interaction: `${id}_interaction`, resume: `${id}_resume` },
    },
    interactions: { url: (_ctx, interaction) => `${mount}/interaction/${interaction.uid}` },
    findAccount: (_ctx, accountId) => findAccount(accountId),
    pkce: { required: () => true },
    renderError: (ctx, { error, error_description }) => {
      showError(ctx, theme, error, error_description)
    },
    ...own,
    // The name is never sent: oidc-provider runs this for every authorization request, after its own checks.
    extraParams: { checked: (ctx) => hooks.checkRequest?.(ctx.oidc.params ?? {}) },
    ttl: {
      AccessToken: () => control.take('accessTokenSeconds') ?? setup.accessTokenSeconds ?? 3600,
      Grant: 2 * 365 * day,
      RefreshToken: 60 * day,
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

function findAccount(accountId: string) {
  const person = findPerson(accountId)
  if (!person) return undefined
  const { name, email } = person
  return { accountId, claims: () => ({ sub: accountId, name, email }) }
}

/** Shows an error that is not sent back to the app; the status is that of the context. */
export function showError(ctx: Context, theme: Theme, error: string, description?: string): void {
  const title = `${String(ctx.status)} ${STATUS_CODES[ctx.status] ?? ''}`
  const text = description === undefined ? error : `${error}: ${description}`
  ctx.set(pageHeaders)
  ctx.body = messagePage(theme, title, text).markup
}
