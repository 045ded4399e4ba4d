import { CountersignError } from '../../protocol/errors.js'
import type { AuthorizationState } from './authorization-state.js'
import type { AuthorizationUrl } from '../channel/channel.js'
import type { ConnectionRecord } from '../records/connection.js'
import { connectionKey } from '../records/keys.js'
import { providerOf, type Context } from '../context.js'
import { loadModule } from '../load-module.js'
import type { CommonInput } from '../input.js'
import { isTransaction, transactionId, type Transaction } from '../records/transaction.js'
import { createTransaction } from './create-transaction.js'

/** A transaction that nobody has left for, with its authorization URL where that could be had ahead of the click. */
export interface Departure {
  readonly transaction: Transaction
  readonly target?: AuthorizationUrl
}

/** Does ahead of the click what has no side effect at the provider. */
export function prepare(context: Context, name: string, input: CommonInput): Promise<Departure> {
  return begin(context, name, input, providerOf(context, name).preparesRemotely ?? false)
}

/** Somebody who has been sent away. */
export interface Away {
  readonly state: string
  /** What comes of it, as far as this page is told. */
  readonly outcome: Promise<AuthorizationState>
}

/** Seconds after which a page that is still here has not left, or leaves so slowly that the person may want to click again. */
const leavingSeconds = 10

/**
 * Sends the person to the provider, by this page or by the popup.
 *
 * @param prepared What {@link prepare} made; used when it is still good.
 * @param before The state that the click before left for, if there was one.
 * @param popup `null` when the browser refused to open one; `undefined` to leave by this page.
 * @throws {CountersignError} when nobody was sent away.
 */
export async function depart(
  context: Context,
  name: string,
  input: CommonInput,
  prepared: Promise<Departure> | undefined,
  before: string | undefined,
  popup: Window | null | undefined,
  show: (state: AuthorizationState) => void,
): Promise<Away> {
  const { database, navigation } = context.platform
  if (popup === null) {
    throw new CountersignError(
      'popup_blocked',
      'The browser did not open the window. Call authorize() from a click, or leave out display: "popup".',
    )
  }
  const { transaction, target } = await ready(context, name, input, prepared)
  const { state } = transaction
  const left: Transaction = {
    ...transaction,
    phase: 'left',
    ...(target.handle !== undefined && { handle: target.handle }),
  }
  // Committed before anybody leaves: whatever happens next, the answer can be matched. So can that of the click before,
  // which may still come back; but nobody need be told that it did not, and it makes room first.
  const key = before ?? state
  await database.change([key], ([known]) => [
    {
      ...(isTransaction(known) && known.phase === 'left' && { [key]: { ...known, phase: 'prepared' } }),
      [state]: left,
    },
    undefined,
  ])
  context.emit('authorization_started', transactionId(state), name)
  if (popup) {
    const { watchPopup } = await loadModule(import('../popup/watch.js'))
    return { state, outcome: watchPopup(context, left, popup, target.url, show) }
  }
  navigation.assign(target.url)
  return { state, outcome: stay(context, state) }
}

/**
 * Resolves when the person turns out to be here still. A navigation may not happen (an answer 204, a download, Stop, a
 * dismissed `beforeunload`, an app that opened in the browser's place), and a script cannot see that for certain: browsers
 * tell nothing of the first two. One that is only slow goes on meanwhile.
 */
async function stay(
  { platform: { clock, navigation, tabs } }: Context,
  state: string,
): Promise<AuthorizationState> {
  const stops: (() => void)[] = []
  await new Promise<void>((resolve) => {
    const hear = (id: string): void => {
      // The answer has come to another tab.
      if (id === transactionId(state)) resolve()
    }
    stops.push(navigation.onShown(resolve), tabs.onAnnounced(hear), clock.after(leavingSeconds, resolve))
  })
  for (const stop of stops) stop()
  return { status: 'idle' }
}

async function begin(
  context: Context,
  name: string,
  input: CommonInput,
  remote: boolean,
): Promise<Departure> {
  const subject = context.subject()
  if (subject === null) {
    throw new CountersignError(
      'sign_in_required',
      'Nobody is signed in to this app: sign in, then connect.',
      { recovery: 'sign_in' },
    )
  }
  checkEnvironment(context)
  providerOf(context, name).toInput?.(input)
  await checkRenewal(context, name, subject, input)
  const [transaction, channel] = await Promise.all([
    createTransaction(context, name, subject, input),
    context.channel(name),
  ])
  return remote ? { transaction, target: await channel.begin(transaction) } : { transaction }
}

/** Takes what was prepared when it is still good and still stored, else begins anew. */
async function ready(
  context: Context,
  name: string,
  input: CommonInput,
  prepared: Promise<Departure> | undefined,
): Promise<Required<Departure>> {
  const now = context.platform.clock.now()
  const { transaction, target } =
    (await prepared?.catch(() => undefined)) ?? (await begin(context, name, input, true))
  const usable =
    transaction.expiresAt - now > 60 &&
    transaction.subject === context.subject() &&
    // Where it vanished, so did what it is bound to, such as the DPoP key.
    (await context.platform.database.get(transaction.state)) !== undefined
  if (!usable || (target && target.expiresAt - now < 5))
    return (await begin(context, name, input, true)) as Required<Departure>
  return { transaction, target: target ?? (await (await context.channel(name)).begin(transaction)) }
}

/**
 * A connection that is to be renewed must be this user's and this provider's: its record will be replaced.
 *
 * @throws {CountersignError} `unknown_connection`
 */
async function checkRenewal(
  { platform: { database } }: Context,
  name: string,
  subject: string,
  { connection: id }: CommonInput,
): Promise<void> {
  if (id === undefined) return
  const record = (await database.get(connectionKey(id))) as ConnectionRecord | undefined
  if (record?.subject === subject && record.connection.provider === name) return
  throw new CountersignError(
    'unknown_connection',
    'The connection that was to be renewed is not here any more: connect anew, without `connection`.',
  )
}

/** What must be true before anybody is sent away. @throws {CountersignError} `environment_unsupported` */
function checkEnvironment({ platform: { navigation } }: Context): void {
  const reason = !(globalThis.crypto as Crypto | undefined)?.subtle
    ? 'Web Crypto is not available: serve the page over https or from localhost.'
    : !navigation.isTopLevel()
      ? "Connecting does not work inside a frame, where the provider's answer could not be found again: open the page in a window of its own."
      : undefined
  if (reason) throw new CountersignError('environment_unsupported', reason, { recovery: 'configure' })
}
