import { openChannel } from '../channel/open-channel.js'
import { CountersignError } from '../../protocol/errors.js'
import { withoutAppState } from '../app-state.js'
import type { AuthorizationUrl } from '../channel/channel.js'
import type { ConnectionRecord } from '../records/connection.js'
import { connectionKey, transactionKey, transactionId } from '../records/keys.js'
import { providerOf, type Context } from '../context.js'
import type { CommonInput } from '../input.js'
import { isTransaction, type Transaction } from '../records/transaction.js'
import type { AuthorizationState } from './authorization-state.js'
import { createTransaction } from './create-transaction.js'
import { expire } from './expire.js'

/** A transaction that nobody has left for, with its authorization URL where that could be had ahead of the click. */
export interface Prepared {
  readonly transaction: Transaction
  readonly target?: AuthorizationUrl
}

/** A transaction for which the person is sent away. */
export interface Begun {
  readonly transaction: Transaction
  /** Checked: the page may go there. */
  readonly url: string
}

/** Does ahead of the click what has no side effect at the provider. */
export async function prepare(context: Context, name: string, input: CommonInput): Promise<Prepared> {
  const { database } = context.platform
  const transaction = await create(context, name, input)
  await expire(context, 1)
  await database.change([], () => [{ [transactionKey(transaction.state)]: transaction }, undefined])
  const { preparesRemotely, authorizationEndpoint } = providerOf(context, name)
  const target = preparesRemotely ? await (await openChannel(context, name)).begin(transaction) : undefined
  const url = target?.url ?? authorizationEndpoint
  if (url !== undefined) context.platform.navigation.preconnect(url)
  return { transaction, ...(target && { target }) }
}

/** One click on a connect button. */
export interface Click {
  /** The app's user at the click; `undefined` where that was not known yet. */
  readonly subject: string | null | undefined
  /** Result of {@link prepare}; used while it is still good. */
  readonly prepared: Promise<Prepared> | undefined
  /** `null` when the browser refused to open one; `undefined` to leave by this page. */
  readonly popup: Window | null | undefined
  /** The state for which the click before left, if there was one. */
  readonly before: () => string | undefined
  /** False as soon as another click has taken the place of this one. */
  readonly isLast: () => boolean
  /** Called with the state for which the person is about to be sent away. */
  readonly onLeaving: (state: string) => void
  /** Shows where a popup stands, unless another click has taken the place of this one. */
  readonly show: (state: AuthorizationState) => void
}

/**
 * Makes everything ready for the person to be sent to the provider. Resolves with `undefined` when another click has taken
 * the place of this one meanwhile.
 *
 * @throws {CountersignError} when nobody can be sent away.
 */
export async function begin(
  context: Context,
  name: string,
  input: CommonInput,
  click: Click,
): Promise<Begun | undefined> {
  const { subject, prepared, popup, isLast } = click
  if (popup === null) {
    throw new CountersignError(
      'popup_blocked',
      'The browser did not open the window. Call authorize() from a click, or leave out display: "popup".',
    )
  }
  const ahead = await usable(context, prepared)
  const transaction = ahead?.transaction ?? (await create(context, name, input))
  const target = ahead?.target ?? (await (await openChannel(context, name)).begin(transaction))
  // Nobody is sent away for a user whose click it was not.
  const isOther = subject !== undefined && subject !== transaction.subject
  if (isOther || transaction.subject !== context.subject())
    throw signInRequired('The user of this app changed meanwhile')
  if (!isLast()) {
    if (ahead) await discard(context, ahead)
    return undefined
  }
  const left: Transaction = {
    ...transaction,
    phase: 'left',
    ...(target.handle !== undefined && { handle: target.handle }),
    ...(target.promisesIss && { promisesIss: true }),
  }
  if (await commit(context, left, click, ahead !== undefined)) {
    context.emit('authorization_started', transactionId(left.state), name)
    return { transaction: left, url: target.url }
  }
  return begin(context, name, input, { ...click, prepared: undefined })
}

/**
 * Stores that the person leaves, before they do: whatever happens next, the answer can be matched. So can that of the click
 * before, which may still come back; but nobody need be told that it did not, and it makes room first.
 *
 * @param isPrepared True for a transaction that was stored ahead of the click.
 * @returns False where that has vanished, and with it what it is bound to, such as the DPoP key: then nothing is stored.
 */
async function commit(
  context: Context,
  left: Transaction,
  { before }: Click,
  isPrepared: boolean,
): Promise<boolean> {
  const key = transactionKey(left.state)
  const keyBefore = transactionKey(before() ?? left.state)
  const isStored = await context.platform.database.change([key, keyBefore], ([own, known]) =>
    isPrepared && own === undefined
      ? [{}, false]
      : [
          {
            ...(isTransaction(known) &&
              known.phase === 'left' && { [keyBefore]: { ...known, phase: 'prepared' } }),
            [key]: left,
          },
          true,
        ],
  )
  // Not on the way of the person; what a page that is left does not get done, the next one does.
  if (!isPrepared) expire(context).catch(() => undefined)
  return isStored
}

/** Removes what was prepared, unless somebody has left for it. */
export async function discard(
  { platform: { database } }: Pick<Context, 'platform'>,
  prepared: Promise<Prepared> | Prepared,
): Promise<void> {
  const { transaction } = await prepared
  const key = transactionKey(transaction.state)
  await database.change([key], ([record]) => [
    isTransaction(record) && record.phase === 'prepared' ? { [key]: undefined } : {},
    undefined,
  ])
}

/** Makes a transaction, and has the channel loaded beside it. */
async function create(context: Context, name: string, input: CommonInput): Promise<Transaction> {
  await context.requireSubject()
  const subject = context.subject()
  if (subject == null) throw signInRequired('Nobody is signed in to this app')
  checkEnvironment(context)
  providerOf(context, name).toInput?.(withoutAppState(input))
  const [transaction] = await Promise.all([
    createTransaction(context, name, subject, input),
    checkRenewal(context, name, subject, input),
    openChannel(context, name),
  ])
  return transaction
}

const signInRequired = (reason: string): CountersignError =>
  new CountersignError('sign_in_required', `${reason}: sign in, then connect.`, { recovery: 'sign_in' })

/** What was prepared, when it is still good. */
async function usable(
  context: Context,
  prepared: Promise<Prepared> | undefined,
): Promise<Prepared | undefined> {
  const ahead = await prepared?.catch(() => undefined)
  if (!ahead) return undefined
  const now = context.platform.clock.now()
  const { transaction, target } = ahead
  const isGood =
    transaction.expiresAt - now > 60 &&
    transaction.subject === context.subject() &&
    !(target && target.expiresAt - now < 5)
  return isGood ? ahead : undefined
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
    'The connection to be renewed is no longer here: connect again, without `connection`.',
  )
}

/** Checks the environment before anybody is sent away. @throws {CountersignError} `environment_unsupported` */
function checkEnvironment({ platform: { navigation } }: Context): void {
  const reason = !(globalThis.crypto as Crypto | undefined)?.subtle
    ? 'Web Crypto is not available: serve the page over https or from localhost.'
    : !navigation.isTopLevel()
      ? "Connecting does not work inside a frame, where the provider's answer could not be found again: open the page in a window of its own."
      : typeof structuredClone === 'undefined'
        ? 'This browser is too old to connect. Use Chrome 98, Firefox 97, Safari 15.4 or newer.'
        : undefined
  if (reason) throw new CountersignError('environment_unsupported', reason, { recovery: 'configure' })
}
