import type { Context } from './context.js'
import type { ConnectionRecord } from './records/connection.js'

/** The absolute URL of the app's backend, without a slash at the end; `undefined` where there is none. */
export function backendUrl({
  backend,
  platform: { navigation },
}: Pick<Context, 'backend' | 'platform'>): string | undefined {
  const url = typeof backend === 'string' ? backend : backend?.url
  return url && new URL(url, navigation.url()).href.replace(/\/+$/, '')
}

type Surroundings = Pick<Context, 'backend' | 'platform' | 'redirectUri'>

/** What the record of a connection at a provider says of the backend that has it. */
export const ofThisBackend = (
  context: Surroundings,
  provider: string,
): Pick<ConnectionRecord, 'backend' | 'redirectUri'> => ({
  backend: backendUrl(context),
  redirectUri: context.redirectUri(provider),
})

/**
 * True for a connection of this app's backend. Another backend cannot say what became of it: two apps at one origin share a
 * database unless they have a `namespace` each. They have redirect URIs of their own, by which an app knows what it had before its
 * backend moved.
 */
export function isOfThisBackend(
  context: Surroundings,
  // Older versions stored neither, or no redirect URI.
  { backend, redirectUri, connection: { provider } }: ConnectionRecord,
): boolean {
  const own = ofThisBackend(context, provider)
  return backend === undefined || backend === own.backend || redirectUri === own.redirectUri
}
