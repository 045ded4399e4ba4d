import type { Client, CountersignError } from '../../core/index.js'
import type { Context } from '../../core/context.js'
import type { Emit } from '../../core/client-events.js'
import { hasEnded } from '../../core/records/transaction.js'
import { redactError } from './redact.js'
import type { watchRecords } from './records.js'
import { providerNamed, type Watched } from './watched.js'

/** Notes what the client itself tells, and what its callback comes to. */
export function watchEvents(
  watched: Watched,
  client: Client,
  arrivalOf: ReturnType<typeof watchRecords>,
): void {
  const { context, log } = watched
  const tell = context.emit
  let latest: { readonly flow: string; readonly provider: string | undefined } | undefined
  let isRefused = false
  const emit: Emit = (type, id, detail, since) => {
    tell(type, id, detail, since)
    const page = { from: 'page', to: 'page' } as const
    if (type === 'clock_differs') log.add({ ...page, kind: 'clock', flow: id, outcome: detail ?? '' })
    if (type === 'refresh_token_not_rotated') log.add({ ...page, kind: 'not_rotated', connection: id })
    if (type !== 'response_received') return
    const { before, after } = arrivalOf(id) ?? {}
    const record = before ?? after
    const mode = record && providerNamed(context, record.provider)?.channel.mode
    const sentIss = after !== undefined && !hasEnded(after) && after.iss !== undefined
    isRefused = detail === 'refuse'
    latest = { flow: id, provider: record?.provider }
    log.add({
      ...{ kind: 'returned', from: 'server', to: 'page', flow: id, outcome: detail ?? '' },
      ...(record && { provider: record.provider }),
      ...(mode && { mode }),
      parameters: [
        { name: 'state', shape: record ? 'known in this browser' : 'unknown in this browser' },
        ...(sentIss ? [{ name: 'iss', shape: 'present' }] : []),
        ...(record && 'nonce' in record ? [{ name: 'nonce', shape: 'awaited in the ID Token' }] : []),
        ...(record?.input.connection === undefined ? [] : [{ name: 'connection', shape: 'is renewed' }]),
      ],
    })
  }
  Object.assign(context, { emit } satisfies Partial<Context>)

  let last: unknown
  client.callback.subscribe(() => {
    const state = client.callback.get()
    const error: CountersignError | undefined = state.status === 'failed' ? state.error : undefined
    if (!error || error === last) return
    last = error
    const { flow, provider } = latest ?? {}
    log.add({
      ...{ kind: 'callback', from: 'page', to: 'page', error: redactError(error) },
      // A failure that can be resumed has lost nothing.
      outcome: isRefused || error.recovery !== 'resume' ? 'refused' : 'resumable',
      ...(flow !== undefined && { flow }),
      ...(provider !== undefined && { provider }),
    })
  })
}

/** Notes that the app's user has changed. Who it is now is not noted. */
export function watchSession({ context, log }: Watched): void {
  context.onReset(() => {
    const subject = context.subject()
    log.add({
      ...{ kind: 'session', from: 'page', to: 'page' },
      outcome: subject === null ? 'signed out' : subject === undefined ? 'not known' : 'another user',
    })
  })
}
