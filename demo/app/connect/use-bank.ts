import {
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
  useConnections,
  type AuthorizationState,
  type CallbackState,
  type Connection,
  type TokensState,
} from 'countersign'
import { useDisplay } from '../display.js'
import { setRun } from '../lab/run.js'
import { useUnderWay } from '../parts/under-way.js'
import { usePath } from '../router.js'
import { bankOf, useCatalog, type Bank, type Input } from './catalog.js'
import { sendFault, useFault } from './faults.js'
import {
  choose,
  goTo,
  land,
  readAppState,
  rememberBank,
  sayFarewell,
  useChosenId,
  useLast,
} from './remembered.js'

/** The connections at a bank, oldest first. */
function useConnectionsAt(bank: Bank): readonly Connection[] {
  const { banks } = useCatalog()
  return useConnections({
    select: (all) =>
      all.status === 'ready'
        ? all.connections.filter(
            (one) => one.provider === bank.provider && bankOf(one, banks)?.id === bank.id,
          )
        : [],
  })
}

/** The connections at a bank, and the one that is shown: what was just connected until the person chooses another. */
export function useShown(bank: Bank): {
  readonly connections: readonly Connection[]
  readonly tokens: TokensState
} {
  const callback = useAuthorizationCallback()
  const connections = useConnectionsAt(bank)
  const chosen = useChosenId(bank.id)
  const came = callback.status === 'connected' ? callback.connection.id : undefined
  const ids = connections.map(({ id }) => id)
  const shown = [chosen, came, ids.at(-1)].find((id) => id !== undefined && ids.includes(id))
  const tokens: TokensState = useConnection(bank.provider, { connection: shown ?? 'none' })
  const anything: TokensState = useConnection(bank.provider)
  // Without a connection of its own, a bank shows what is known of its provider: nobody is signed in, nothing is stored.
  if (shown !== undefined) return { connections, tokens }
  const known = anything.status === 'connected' || 'connection' in anything
  return { connections, tokens: known ? { status: 'disconnected' } : anything }
}

/** Whether an outcome belongs to a bank. */
export function useOutcomeAt(bank: Bank): CallbackState | undefined {
  const callback = useAuthorizationCallback()
  const { banks } = useCatalog()
  const last = useLast(bank.provider)
  const path = usePath()
  if (!('provider' in callback) || callback.provider !== bank.provider || !path.startsWith('/callback/'))
    return undefined
  const told = 'appState' in callback ? readAppState(callback.appState)?.bank : undefined
  return homeOf(told ?? last, bank.provider, banks) === bank.id ? callback : undefined
}

/** Where what concerns a provider is shown: at the bank it was about, or the first one there is. */
const homeOf = (wanted: string | undefined, provider: string, banks: readonly Bank[]): string | undefined => {
  const ofProvider = banks.filter((one) => one.provider === provider)
  return (ofProvider.find(({ id }) => id === wanted) ?? ofProvider[0])?.id
}

/** Whether an attempt of a provider is shown at this bank. */
export function useIsLast(bank: Bank): boolean {
  const { banks } = useCatalog()
  return homeOf(useLast(bank.provider), bank.provider, banks) === bank.id
}

/** Whether a response of this bank is being redeemed. */
export function useIsCompleting(bank: Bank): boolean {
  const { status } = useAuthorizationCallback()
  const path = usePath()
  return useIsLast(bank) && status === 'pending' && path === `/callback/${bank.provider}`
}

/** A way to a bank. */
export interface WayToBank {
  readonly state: AuthorizationState
  readonly prepare: () => void
  readonly again: () => void
  readonly byThisPage: () => void
}

/**
 * The way to a bank, as the person wants it: by this page or by a window of its own.
 *
 * @param renewed A connection to renew in place.
 */
export function useWay(bank: Bank, input: Input | undefined, renewed?: string): WayToBank {
  const display = useDisplay()
  const fault = useFault(bank.id)
  const appState = { bank: bank.id }
  const own = renewed === undefined ? input : { ...(bank.renews ? undefined : input), connection: renewed }
  const whole = { ...own, display, appState, returnTo: '/' } as Input
  const { authorize, authorizeAsync, prepare, prepareAsync: _, ...state } = useAuthorize(bank.provider, whole)
  const isLast = useIsLast(bank)
  useUnderWay(isLast && state.status === 'leaving' ? `Going to ${bank.name}…` : undefined)
  const armed = fault?.phase === 'armed'
  async function leave() {
    if (armed) await sendFault(bank.id)
    const outcome = await authorizeAsync()
    if (outcome.status !== 'connected') return
    const told = readAppState(outcome.appState)
    if (told) rememberBank(outcome.connection.id, told)
    choose(bank.id, outcome.connection.id)
    land(outcome.connection.id)
  }
  return {
    state,
    // What is prepared ahead would use up a fault that is meant for the flow itself.
    prepare: () => {
      if (!armed) prepare()
    },
    again: () => {
      setRun(undefined)
      goTo(bank.provider, bank.id)
      sayFarewell(bank.id, undefined)
      void leave()
    },
    byThisPage: () => {
      goTo(bank.provider, bank.id)
      authorize({ display: 'redirect' })
    },
  }
}
