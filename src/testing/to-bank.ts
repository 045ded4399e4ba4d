import type { Approval } from './approval.js'
import type { Tab } from './browser/tab.js'
import type { AppTab, Arrival, FakeBank, VisitOutcome } from './bank.js'
import type { Kit } from './kit.js'
import { outsideAct } from './react.js'
import type { Providers } from '../core/index.js'
import { checkProvider } from './check-provider.js'
import { basis } from './kinds/basis.js'
import { findKind } from './kinds/find-kind.js'
import type { Network } from './network/network.js'
import type { BankRequest } from './network/requests.js'
import { initTokenProblems } from './quirks/basis.js'
import type { Grants } from './servers/grants.js'
import { placeOf } from './servers/tamper.js'
import type { Ending } from './servers/authorization-request.js'
import { turn, waitFor } from './turns.js'

/** Everything that a test can say and see, by the names of `FakeBank`. */
export function toBank(kit: Kit): FakeBank {
  const { world, tabs } = kit
  const settle = createSettle(kit)
  /** Work of the test, after what it begins with. */
  const run: Run = (work) =>
    outsideAct(async () => {
      await kit.started
      return work()
    })
  const own = toAppTab(tabs[0], run, settle)
  const { providers } = own.client
  const check: Check = (provider) => {
    if (provider !== undefined) checkProvider(Object.keys(providers), provider)
  }
  const bank = {
    ...visiting(kit, run, Object.keys(providers)),
    ...breaking(kit, check),
    ...ending(kit, run, check),
    ...signing(kit),
    otherTab: () => toAppTab(kit.openTab('/'), run, settle),
    advance: (seconds: number) =>
      run(async () => {
        world.clock.advance(seconds)
        await settle()
      }),
    settled: () => run(settle),
    ...asserting(world.network, check),
    handle: world.network.handle,
    close() {
      for (const tab of tabs) tab.close()
      world.clock.stop()
    },
  }
  return Object.defineProperties(bank, {
    ...Object.getOwnPropertyDescriptors(own),
    requests: { enumerable: true, get: () => [...world.network.requests] },
  }) as unknown as FakeBank
}

/** What has been asked of the providers. */
function asserting({ requests }: Network, check: Check) {
  const requestsTo = (provider: string, endpoint?: string): readonly BankRequest[] => {
    check(provider)
    return requests.filter(
      (request) =>
        request.to === 'provider' &&
        request.provider === provider &&
        (endpoint === undefined || request.endpoint === endpoint),
    )
  }
  return {
    requestsTo,
    requestTo(provider, endpoint) {
      const [request, ...others] = requestsTo(provider, endpoint)
      if (request && others.length === 0) return request
      const sent = requestsTo(provider).map((one) => `${one.endpoint} (${String(one.status)})`)
      throw new Error(
        `fakeBank: there are ${String(request ? others.length + 1 : 0)} requests to the ${endpoint} endpoint of "${provider}", not one. It has received: ${sent.join(', ') || 'nothing'}.`,
      )
    },
  } satisfies Partial<FakeBank>
}

/** @throws {TypeError} for the name of a provider that there is not */
type Check = (provider: string | undefined) => void

type Run = <T>(work: () => Promise<T>) => Promise<T>

/** Turns to wait for what every page finds out when it is loaded, and for who has set off; neither is while the app does not know its user. */
const loadingPatience = 500

/** Waits until nothing is under way. What waits for time to pass waits for the test. */
function createSettle({ world: { network }, tabs, visits }: Kit): () => Promise<void> {
  const isIdle = (): boolean => network.inFlight() === network.delayed()
  const isLoaded = (tab: Tab): boolean => {
    const { connections, callback } = tab.current()
    return connections.get().status !== 'restoring' && callback.get().status !== 'pending'
  }
  return async () => {
    await waitFor(
      () => network.delayed() > 0 || (tabs.every(isLoaded) && !visits.areOnTheWay()),
      isIdle,
      loadingPatience,
    )
    for (let quiet = 0; quiet < 8; quiet = isIdle() ? quiet + 1 : 0) await turn()
  }
}

function toAppTab(tab: Tab, run: Run, settle: () => Promise<void>): AppTab {
  return {
    client: tab.client,
    get url() {
      return tab.page().url().href
    },
    reload: () =>
      run(async () => {
        const page = tab.page()
        tab.load(page.url().href, page.historyState())
        await settle()
      }),
  }
}

/** What people do at the providers. */
function visiting({ visits }: Kit, run: Run, names: readonly string[]) {
  const end = (provider: string | undefined, how: Ending) =>
    run(() => visits.end(provider, how)) as Promise<VisitOutcome<Providers, string>>
  return {
    arrival: (provider: string) =>
      run(async (): Promise<Arrival> => {
        const { entry, server, request } = await visits.expect(provider)
        return { ...entry, consent: server.consentTexts(request) }
      }),
    approve: (provider: string, approval: Approval = {}) => end(provider, { kind: 'approve', approval }),
    cancel: (provider?: string) => end(provider, { kind: 'cancel' }),
    deny: (provider?: string) => end(provider, { kind: 'deny' }),
    fail(first: string, second?: string, description?: string) {
      if (second === undefined && names.includes(first))
        throw new TypeError(
          `fakeBank: fail("${first}") names a provider and no error. Say which error it sends: fail("${first}", "temporarily_unavailable").`,
        )
      const [provider, error] = second === undefined ? [undefined, first] : [first, second]
      return end(provider, { kind: 'error', error, ...(description !== undefined && { description }) })
    },
    leave: (provider: string) => run(() => visits.leave(provider)),
    expireInitToken: (provider?: string) =>
      run(async () => {
        const { request } = await visits.expect(provider)
        if (!request.parameters.has('init_token'))
          throw new TypeError(
            `fakeBank: "${request.registration.name}" does not use initialization tokens; only Basis does.`,
          )
        return visits.end(request.registration.name, {
          kind: 'error',
          error: 'invalid_request',
          description: initTokenProblems.expired,
        })
      }),
  }
}

/** What goes wrong on the way. */
function breaking({ world: { faults }, tabs: [{ client }] }: Kit, check: Check) {
  return {
    loseReply(endpoint, target = {}) {
      check(target.provider)
      faults.add(endpoint, { kind: 'lost' }, target)
    },
    refuse(endpoint, refusal, target = {}) {
      check(target.provider)
      faults.add(endpoint, { kind: 'refused', refusal }, target)
    },
    tamper(what, provider) {
      check(provider)
      const meant = Object.entries(client.providers).filter(([name]) => (provider ?? name) === name)
      if (placeOf(what) === 'id_token' && meant.every(([, one]) => findKind(one) === basis))
        throw new TypeError(`fakeBank: Basis has no ID Token, and so no ${what} of one to tamper with.`)
      faults.tamper(what, provider)
    },
    delay: faults.setDelay,
    offline(isOffline = true) {
      faults.setOffline(isOffline)
    },
  } satisfies Partial<FakeBank>
}

/** What ends at the providers. */
function ending({ world }: Kit, run: Run, check: Check) {
  const end = (method: 'expireAccessTokens' | 'revoke', provider: string | undefined): Promise<void> =>
    run(async () => {
      check(provider)
      const { all } = await world.servers()
      const isMeant: Parameters<Grants['revoke']>[0] = ({ registration: { name } }) =>
        (provider ?? name) === name
      for (const { grants } of all) grants[method](isMeant)
    })
  return {
    expireAccessTokens: (provider) => end('expireAccessTokens', provider),
    revoke: (provider) => end('revoke', provider),
  } satisfies Partial<FakeBank>
}

/** The app's session at its backend. */
function signing({ world, isStarted, started }: Kit) {
  let before = world.session
  const set = (session: string | null): void => {
    const take = (): void => {
      world.session = session
    }
    // What the test begins with belongs to the user of then.
    if (isStarted()) take()
    else void started.then(take, take)
  }
  return {
    signOut() {
      before = world.session ?? before
      set(null)
    },
    signIn(subject = before ?? undefined) {
      if (subject === undefined)
        throw new TypeError('fakeBank: nobody was signed in before. Say who signs in: signIn("anna").')
      set(subject)
    },
  } satisfies Partial<FakeBank>
}
