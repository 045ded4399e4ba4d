import { CountersignError } from '../protocol/errors.js'
import type { AuthorizationState } from './authorization.js'
import type { AuthorizationUrl } from './channel/channel.js'
import { connectionKey, type ConnectionRecord } from './connection.js'
import { providerOf, type Context } from './context.js'
import { load } from './load.js'
import type { CommonInput } from './provider.js'
import { createTransaction, transactionId, type Transaction } from './transaction.js'

/** A transaction that nobody has left for, with its authorization URL where that could be had ahead of the click. */
export interface Departure {
  readonly transaction: Transaction
  readonly target?: AuthorizationUrl
}

/** Does ahead of the click what has no side effect at the provider. */
export function prepare(context: Context, name: string, input: CommonInput): Promise<Departure> {
  return begin(context, name, input, providerOf(context, name).preparesRemotely ?? false)
}

/**
 * Sends the person to the provider, by this page or by the popup.
 *
 * @param prepared What {@link prepare} made; used when it is still good.
 * @param popup `null` when the browser refused to open one; `undefined` to leave by this page.
 * @throws {CountersignError} when nobody was sent away.
 */
export async function depart(
  context: Context,
  name: string,
  input: CommonInput,
  prepared: Promise<Departure> | undefined,
  popup: Window | null | undefined,
  show: (state: AuthorizationState) => void,
): Promise<AuthorizationState> {
  const { database, navigation } = context.platform
  if (popup === null) {
    throw new CountersignError(
      'popup_blocked',
      'The browser did not open the window. Call authorize() from a click, or leave out display: "popup".',
    )
  }
  const { transaction, target } = await ready(context, name, input, prepared)
  const left: Transaction = {
    ...transaction,
    phase: 'left',
    ...(target.handle !== undefined && { handle: target.handle }),
  }
  // Committed before anybody leaves: whatever happens next, the answer can be matched.
  await database.change([], () => [{ [left.state]: left }, undefined])
  context.emit('authorization_started', transactionId(left.state), name)
  if (popup) {
    const { watchPopup } = await load(import('./popup.js'))
    return watchPopup(context, left, popup, target.url, show)
  }
  navigation.assign(target.url)
  return new Promise((resolve) => {
    const stop = navigation.onRestored(() => {
      stop()
      resolve({ status: 'idle' })
    })
  })
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
