import { CountersignError, TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import { statusFrom } from '../../protocol/refresh-trouble.js'
import { judgeRefresh, noteTrouble, type RefreshVerdict } from '../../protocol/refresh-verdict.js'
import { providerOf, type Context } from '../context.js'
import { Refusal } from '../http/refusal.js'
import { toRefusal } from '../http/to-refusal.js'
import { reauthorizationRequired, refreshFailed } from './good-tokens.js'
import type { ConnectionRecord } from './record.js'

/** Seconds for which a refresh has its lease. */
export const leaseSeconds = 60

/** The connection, with a note of a refresh that was sent under a lease that is over: its answer is lost. */
export function withLostAnswer(context: Context, record: ConnectionRecord): ConnectionRecord {
  const { refresh, trouble, provider } = record
  if (!refresh) return record
  const isLost = refresh.sent !== false && !(providerOf(context, provider).refreshRepeatable ?? false)
  if (!isLost) return { ...record, refresh: undefined }
  const sentAt = Math.min(refresh.until - leaseSeconds, context.now())
  const noted = noteTrouble(trouble, 'unanswered', sentAt)
  return { ...record, refresh: undefined, trouble: noted, status: statusFrom(noted) }
}

/** Words of the log for what a failed refresh has done to the connection. */
const reasons: Readonly<Record<RefreshVerdict, string>> = {
  ended: 'invalid_grant',
  refused: 'refused_twice',
  unanswered: 'refresh_unanswered',
  undecided: 'refresh_unanswered',
}

/** What has come of a refresh, and what that says about the refresh token. */
export interface Failure {
  readonly verdict: RefreshVerdict
  readonly error: unknown
}

/** Meaning of a failed refresh. @param mayHaveArrived Whether the request may have reached the server. */
export function judgeFailure(
  context: Context,
  { provider }: ConnectionRecord,
  error: unknown,
  mayHaveArrived: boolean,
): RefreshVerdict {
  if (!mayHaveArrived) return 'undecided'
  if (error instanceof TokenEndpointError || error instanceof ValidationError) return judgeRefresh(error)
  // A refresh token that stays good after its use is as good as before.
  return (providerOf(context, provider).refreshRepeatable ?? false) ? 'undecided' : 'unanswered'
}

/** Reports what a failed refresh has made of the connection, and gives the refusal for whoever wanted its token. */
export function refusalAfter(
  context: Context,
  { id, provider, status: before }: ConnectionRecord,
  { status }: Pick<ConnectionRecord, 'status'>,
  { verdict, error }: Failure,
): Refusal {
  if (status !== before && status !== 'connected') {
    const isRefusedHere = verdict === 'ended' && error instanceof ValidationError
    const reason = isRefusedHere ? `${error.code}:${error.parameter}` : reasons[verdict]
    context.emit(status === 'failed' ? 'refresh_failed' : status, { provider, connection: id, reason })
  }
  if (status === 'failed') return refreshFailed(id)
  if (status === 'reauthorization_required')
    return reauthorizationRequired(id, error instanceof CountersignError ? error.code : undefined)
  return error === undefined ? new Refusal('provider_unavailable', { reason: 'no_tokens' }) : toRefusal(error)
}
