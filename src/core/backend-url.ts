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

/**
 * True for a connection of this app's backend. Another backend cannot say what became of it: two apps at one origin share a
 * database unless they have a `namespace` each.
 */
export const isOfThisBackend = (
  context: Pick<Context, 'backend' | 'platform'>,
  // An older version did not store it.
  { backend = backendUrl(context) }: ConnectionRecord,
): boolean => backend === backendUrl(context)
