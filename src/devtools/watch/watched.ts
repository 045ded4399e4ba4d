import { inspectableOf, type Inspectable } from '../../core/inspect.js'
import type { Context } from '../../core/context.js'
import type { Provider } from '../../core/provider.js'
import type { Platform } from '../../platform/platform.js'
import { hasOwn } from '../../protocol/has-own.js'
import { parseScope } from '../../protocol/scope.js'
import type { Log } from '../log/log.js'
import type { Known } from './redact.js'

/** A client that is being watched, with what the watchers tell each other. */
export interface Watched {
  readonly context: Context
  readonly log: Log
  /** The parts of the platform, which the watchers replace by their own. */
  readonly platform: { -readonly [Name in keyof Platform]: Platform[Name] }
  /** The flow whose code a provider's next token request carries. */
  readonly redeeming: Map<string, string>
  /** The connection whose tokens are refreshed under the lock, by provider. */
  readonly refreshing: { connection?: string | undefined }
  /** Renewals of access tokens that are under way, by connection. */
  readonly renewals: Map<string, { callers: number; requests: number }>
}

/** What a message with a provider may repeat. */
export function knownOf({ context }: Pick<Watched, 'context'>, name: string | undefined): Known {
  const provider = name === undefined ? undefined : providerNamed(context, name)
  return {
    clientId: provider?.clientId,
    issuer: provider?.issuer,
    redirectUri: provider && name !== undefined ? context.redirectUri(name) : undefined,
    scope: parseScope(provider?.scope ?? ''),
  }
}

/** The provider of a name, where the client has it. */
export const providerNamed = ({ providers }: Context, name: string): Provider | undefined =>
  hasOwn(providers, name) ? providers[name] : undefined

/** @throws {TypeError} for a client that neither `createClient` nor `fakeBank` has made. */
export function watchable(client: object): Inspectable {
  const found = inspectableOf(client)
  if (!found)
    throw new TypeError(
      'inspect() takes a client that createClient() or fakeBank() has made. Where the package is bundled twice, have both entries come from one copy.',
    )
  return found
}
