import { stateOf, transactionId } from '../../core/records/keys.js'
import {
  hasEnded,
  isTransaction,
  type EndedTransaction,
  type Transaction,
} from '../../core/records/transaction.js'
import type { Database } from '../../platform/database.js'
import { parseScope } from '../../protocol/scope.js'
import type { NewEvent, Parameter } from '../log/event.js'
import { redact, redactError } from './redact.js'
import { knownOf, providerNamed, type Watched } from './watched.js'

type AnyTransaction = Transaction | EndedTransaction

/** What is known of an arriving response before its code is judged. */
interface Arrival {
  readonly before: AnyTransaction | undefined
  readonly after: AnyTransaction | undefined
}

/** Notes what becomes of transactions, as their records tell. Gives what the last change of each was. */
export function watchRecords(watched: Watched): (flow: string) => Arrival | undefined {
  const { platform } = watched
  const { database } = platform
  const arrivals = new Map<string, Arrival>()
  const change: Database['change'] = async (keys, decide) => {
    let seen: readonly [current: readonly unknown[], writes: Readonly<Record<string, unknown>>] | undefined
    const result = await database.change(keys, (current) => {
      const decided = decide(current)
      seen = [current, decided[0]]
      return decided
    })
    if (seen) {
      const [current, writes] = seen
      let hasLeft = false
      for (const key of new Set([...keys, ...Object.keys(writes)])) {
        const state = stateOf(key)
        const before = asTransaction(current[keys.indexOf(key)])
        // Version 0.1 had the bare `state` as its key: those are looked for, and are mostly not there.
        if (state === undefined || (state === key && !before)) continue
        const after = key in writes ? asTransaction(writes[key]) : before
        arrivals.set(transactionId(state), { before, after })
        note(watched, transactionId(state), before, after)
        hasLeft ||= after?.phase === 'left' && before?.phase !== 'left'
      }
      if (hasLeft) await saved(watched)
    }
    return result
  }
  platform.database = { ...database, change }
  return (flow) => arrivals.get(flow)
}

/** What a page that is left has not written is lost: it leaves once that is stored, or after a second. */
const saved = ({ log, platform }: Watched): Promise<unknown> => {
  let stop = (): void => undefined
  const late = new Promise<void>((resolve) => {
    stop = platform.clock.after(1, resolve)
  })
  return Promise.race([log.saved(), late]).finally(() => {
    stop()
  })
}

const asTransaction = (value: unknown): AnyTransaction | undefined =>
  isTransaction(value) ? value : undefined

function note(
  watched: Watched,
  flow: string,
  before: AnyTransaction | undefined,
  after: AnyTransaction | undefined,
): void {
  if (!after || before?.phase === after.phase) return
  const { provider } = after
  const mode = providerNamed(watched.context, provider)?.channel.mode
  const add = (event: NewEvent): void => {
    watched.log.add({ flow, provider, ...(mode && { mode }), ...event })
  }
  if (hasEnded(after)) {
    const { connectionId: connection, outcome, error } = after
    add({
      ...{ kind: connection === undefined ? 'ended' : 'stored', from: 'page', to: 'storage' },
      ...(connection !== undefined && { connection }),
      outcome: outcome ?? 'connected',
      ...(error && { error: redactError(error) }),
    })
    return
  }
  if (after.phase === 'sent') watched.redeeming.set(provider, flow)
  if (after.phase === 'prepared' && before === undefined)
    add({ kind: 'prepared', from: 'page', to: 'storage', parameters: requestOf(watched, after) })
  if (after.phase === 'left') {
    if (before === undefined)
      add({ kind: 'prepared', from: 'page', to: 'storage', parameters: requestOf(watched, after) })
    const parameters = requestOf(watched, after).filter(({ name }) => name !== 'code_verifier')
    add({ kind: 'left', from: 'page', to: 'server', parameters })
  }
  if (after.phase === 'answered') add({ kind: 'waits', from: 'page', to: 'storage' })
}

/** The authorization request of a transaction. */
function requestOf(watched: Watched, transaction: Transaction): readonly Parameter[] {
  const { provider, clientId, redirectUri, scope, state, nonce, codeChallenge } = transaction
  const known = knownOf(watched, provider)
  const message = {
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, scope, state, nonce },
    ...{
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
      code_verifier: transaction.codeVerifier,
    },
  }
  // The app itself has asked for this scope just now.
  return redact(message, { ...known, scope: [...known.scope, ...parseScope(scope)] }).map((parameter) =>
    parameter.name === 'code_verifier'
      ? { ...parameter, shape: `${parameter.shape ?? ''}, stays in this browser` }
      : parameter,
  )
}
