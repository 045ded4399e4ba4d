import type { UnrevokedReason } from './contract.js'
import { NetworkError } from './errors.js'

/**
 * Result of ending a grant at its provider. `no_endpoint`: the provider offers no way to, or nothing is left here to revoke;
 * `refused`: the provider did not confirm it; `unreachable`: it did not answer, or cannot now.
 */
export type Revocation =
  { readonly revoked: true } | { readonly revoked: false; readonly reason: UnrevokedReason }

/** The result without a confirmation. */
export const unrevoked = (reason: UnrevokedReason): Revocation => ({ revoked: false, reason })

/** The result that the answer of an endpoint gives which ends grants. */
export const toRevocation = ({ ok, status }: Pick<Response, 'ok' | 'status'>): Revocation =>
  // Any 2xx is a yes (RFC 7009 §2.2 says 200, servers also send 204).
  ok ? { revoked: true } : unrevoked(isForNow(status) ? 'unreachable' : 'refused')

/** The result of a revocation that failed by an error. */
export function fromFailure(error: unknown): Revocation {
  const { status } = Object(error) as { readonly status?: unknown }
  const isUnreachable = error instanceof NetworkError || (typeof status === 'number' && isForNow(status))
  return unrevoked(isUnreachable ? 'unreachable' : 'refused')
}

const isForNow = (status: number): boolean => status >= 500 || status === 429
