import type { Context } from '../context.js'
import type { Binding, ConnectionRecord } from './record.js'

/** The binding of what is stored for a provider now; `undefined` where the provider does not say which server it is. */
export function bindingOf({ providers }: Pick<Context, 'providers'>, name: string): Binding | undefined {
  const { server, resources } = providers.get(name) ?? {}
  if (!server) return undefined
  const { issuer, clientId, formerIssuer } = server
  return {
    issuer,
    clientId,
    ...(formerIssuer !== undefined && { formerIssuer }),
    ...(resources && { api: new URL(resources.base).origin }),
  }
}

/** True for one server, under whichever of its names it was bound. */
export const isSameServer = (one: Binding, other: Binding): boolean =>
  one.issuer === other.issuer || one.issuer === other.formerIssuer || one.formerIssuer === other.issuer

/** True where two bindings are known and differ. What was stored before there were bindings is taken for the present server's. */
export const isOtherBinding = (one: Binding | undefined, other: Binding | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  (!isSameServer(one, other) ||
    one.clientId !== other.clientId ||
    // One that was bound before the API was told, or while no page could ask it, says nothing of it.
    (one.api !== undefined && other.api !== undefined && one.api !== other.api))

/** True for a connection whose tokens are another server's, client's or API's than the provider's of that name now. */
export const isBoundElsewhere = (
  context: Pick<Context, 'providers'>,
  { binding, provider }: ConnectionRecord,
): boolean => isOtherBinding(binding, bindingOf(context, provider))

/**
 * A connection as it can be used here: one that is bound elsewhere must be renewed, and shows no tokens, so that none is sent to the
 * wrong server. Its record stays as it is, since the configuration may come back.
 */
export const asBound = (context: Pick<Context, 'providers'>, record: ConnectionRecord): ConnectionRecord =>
  isBoundElsewhere(context, record)
    ? { ...record, status: 'reauthorization_required', tokens: undefined, trouble: undefined }
    : record
