import type { Platform } from '../platform/platform.js'
import { refuseSecrets } from '../protocol/secrets.js'
import type { ClientOptions } from './client.js'
import { type Context, providerOf } from './context.js'

export function resolveBackend(
  backend: ClientOptions['backend'],
  { fetch, navigation }: Platform,
): Context['backend'] {
  if (backend === undefined) return undefined
  const own = typeof backend === 'string' ? { url: backend } : backend
  const url = new URL(own.url, navigation.url()).href.replace(/\/+$/, '')
  return { url, fetch: own.fetch ?? fetch, credentials: own.fetch ? 'omit' : 'include' }
}

/** @throws {TypeError} naming the provider and what to change. */
export function checkConfiguration(context: Context, names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    const provider = providerOf(context, name)
    refuseSecrets(provider)
    const { mode } = provider
    const uri = context.redirectUri(name)
    if (!/^[\w-]+$/.test(name))
      throw new TypeError(`The provider name "${name}" may hold letters, digits, "-" and "_" only.`)
    if (mode !== 'browser' && !context.backend)
      throw new TypeError(`Provider "${name}" is in ${mode} mode: give createClient the \`backend\` option.`)
    if (
      !URL.canParse(uri) ||
      new URL(uri).origin !== context.platform.navigation.url().origin ||
      uri.includes('#')
    ) {
      throw new TypeError(
        `The redirect URI of provider "${name}" must be a URL on this origin, without fragment.`,
      )
    }
    // Without a redirect URI of its own, a response of one authorization server could pass for another's (RFC 9700 §4.4).
    if (seen.has(uri))
      throw new TypeError(`Provider "${name}" shares its redirect URI with another: give each its own.`)
    seen.add(uri)
  }
}
