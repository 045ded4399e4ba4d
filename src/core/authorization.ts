import { CountersignError } from '../protocol/errors.js'
import type { AuthorizationUrl } from './channel/channel.js'
import { providerOf, type Context } from './context.js'
import type { CommonInput } from './provider.js'
import { createStore, type ReadableStore } from './store.js'
import { createTransaction, transactionId, type Transaction } from './transaction.js'

/** How far an authorization has come. */
export type AuthorizationState =
  | { readonly status: 'idle' }
  /** The page is about to go to the provider. */
  | { readonly status: 'leaving' }
  /** Nobody was sent away. */
  | { readonly status: 'failed'; readonly error: CountersignError }

/** One way to connect: a provider with an input. Its functions take no arguments and never change. */
export interface Authorization extends ReadableStore<AuthorizationState> {
  /**
   * Sends the person to the provider. Settles only when the page stays: with the error that prevented it, or with
   * `idle` when the person comes back by the back button. A second call while one is under way is the same call.
   */
  readonly authorize: () => Promise<AuthorizationState>
  /** Does ahead of the click what can be done without side effects: call it from `onPointerEnter` or `onFocus`. */
  readonly prepare: () => Promise<void>
}

interface Prepared {
  readonly transaction: Transaction
  readonly target?: AuthorizationUrl
}

const idle: AuthorizationState = { status: 'idle' }
const leaving: AuthorizationState = { status: 'leaving' }

/** Makes the authorization of one provider with one input. */
export function createAuthorization(context: Context, name: string, input: CommonInput): Authorization {
  const provider = providerOf(context, name)
  const { clock, database, navigation } = context.platform
  const store = createStore(idle)
  let prepared: Promise<Prepared> | undefined
  let departure: Promise<AuthorizationState> | undefined

  async function begin(remote: boolean): Promise<Prepared> {
    const subject = context.subject()
    if (subject === null)
      throw new CountersignError(
        'sign_in_required',
        'Nobody is signed in to this app: sign in, then connect.',
        { recovery: 'sign_in' },
      )
    checkEnvironment(context)
    provider.toInput?.(input)
    const [transaction, channel] = await Promise.all([
      createTransaction(context, name, subject, input),
      context.channel(name),
    ])
    return remote ? { transaction, target: await channel.begin(transaction) } : { transaction }
  }

  /** Takes what was prepared when it is still good, else begins anew. */
  async function ready(): Promise<Required<Prepared>> {
    const now = clock.now()
    const { transaction, target } = (await prepared) ?? (await begin(true))
    prepared = undefined
    const usable = transaction.expiresAt - now > 60 && transaction.subject === context.subject()
    if (!usable || (target && target.expiresAt - now < 5)) return (await begin(true)) as Required<Prepared>
    return { transaction, target: target ?? (await (await context.channel(name)).begin(transaction)) }
  }

  async function leave(): Promise<AuthorizationState> {
    const { transaction, target } = await ready()
    const left = {
      ...transaction,
      phase: 'left',
      ...(target.handle !== undefined && { handle: target.handle }),
    }
    await database.change([], () => [{ [transaction.state]: left }, undefined])
    context.emit('authorization_started', name, transactionId(transaction.state))
    const back = new Promise<AuthorizationState>((resolve) => {
      const stop = navigation.onRestored(() => {
        stop()
        resolve(idle)
      })
    })
    navigation.assign(target.url)
    return back
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    prepare: async () => {
      // A failure here is not shown: the click tries again and reports it.
      prepared ??= begin(provider.preparesRemotely ?? false)
      await prepared.catch(() => {
        prepared = undefined
      })
    },
    authorize: () => {
      if (!departure) {
        store.set(leaving)
        departure = leave()
          .catch((error: unknown): AuthorizationState => {
            if (!(error instanceof CountersignError)) throw error
            return { status: 'failed', error }
          })
          .then((state) => {
            store.set(state)
            return state
          })
          .finally(() => {
            departure = undefined
            if (store.get() === leaving) store.set(idle)
          })
      }
      return departure
    },
  }
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
