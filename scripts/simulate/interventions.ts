// What a person, the network and the machines may do between two steps.
import type { Page } from './browser.js'
import { makeOlder } from './older-records.js'
import { closePopup } from './popups.js'
import { choose } from './random.js'
import { runAs } from './scheduler.js'
import type { Failure } from './server.js'
import { sendWebhook } from './webhooks.js'
import { livePages, users, type World } from './world.js'

/** Something that can happen now. */
export interface Intervention {
  readonly label: string
  readonly weight: number
  readonly run: () => void
}

type Draw = (detail: number) => number

/** Everything that can happen now. @param draw Numbers for what is left open. */
export const interventionsIn = (world: World, draw: Draw, faults: boolean): Intervention[] => [
  ...acts(world, draw),
  ...(faults
    ? [...browserFaults(world, draw), ...networkFaults(world, draw), ...backendFaults(world, draw)]
    : []),
]

/** What the person does. */
function acts(world: World, draw: Draw): Intervention[] {
  const { browser, visits } = world
  const list: Intervention[] = []
  const add = (weight: number, label: string, run: () => void): void => {
    list.push({ weight, label, run })
  }
  const pages = livePages(world).filter(({ leaving }) => leaving === undefined)
  const page = pages.length > 0 ? choose(pages, draw(1)) : undefined
  if (browser.pages.length < 12) add(1, 'the person opens another tab', () => browser.open('/'))
  const isSomebodyLeaving = pages.some(
    ({ client }) => client.authorization('bank').get().status === 'leaving',
  )
  if (page && visits.length < 4)
    add(
      isSomebodyLeaving || visits.some(({ answers }) => answers.length === 0)
        ? 1
        : visits.length === 0
          ? 25
          : 4,
      `the person clicks "connect" on ${page.actor.name}`,
      () => click(page, {}),
    )
  if (page && visits.length < 4 && world.hasPopups) withPopup(world, page, add)
  if (page && visits.length < 4) renew(page, add)
  if (visits.length > 0 && browser.pages.length < 12) atBank(world, draw, add)
  if (page) {
    const { state } = { state: page.client.callback.get() }
    if ('resume' in state)
      add(4, `the person tries again on ${page.actor.name}`, () => runAs(page.actor, () => state.resume?.()))
    add(1, `the person reloads ${page.actor.name}`, () => {
      browser.end(page)
      browser.open(page.url().href, page.historyState(), page.popup)
    })
    if (pages.length > 1)
      add(1, `the person closes ${page.actor.name}`, () => {
        if (page.popup) closePopup(browser, page.popup)
        else browser.end(page)
      })
    useConnection(world, page, add)
    refreshList(page, add)
    useEverywhere(world, pages, add)
    useOnServer(world, draw, add)
  }
  if (browser.session !== 'ada' || visits.length > 0) session(world, draw, pages, add)
  return list
}

function click(page: Page, input: { display?: 'popup'; connection?: string }): void {
  page.popupTransaction = undefined
  runAs(page.actor, () => page.client.authorization('bank', input).authorize())
}

/** Clicks beside which the page stays: the bank is shown in a popup. */
function withPopup({ browser }: World, page: Page, add: Add): void {
  const { actor, client } = page
  const authorization = client.authorization('bank')
  const shown = authorization.get()
  add(shown.status === 'idle' ? 12 : 2, `the person clicks "connect in a window" on ${actor.name}`, () =>
    click(page, { display: 'popup' }),
  )
  if (shown.status === 'waiting')
    add(1, `the person cancels on ${actor.name}`, () => runAs(actor, shown.cancel))
  if ('resume' in shown)
    add(4, `the person tries again on ${actor.name}`, () => runAs(actor, () => shown.resume?.()))
  const popup = browser.popups.find(({ opener, isClosed }) => opener === page && !isClosed)
  if (popup)
    add(1, `the person closes the popup of ${actor.name}`, () => {
      closePopup(browser, popup)
    })
}

/** The person connects once more what is connected, or was. */
function renew(page: Page, add: Add): void {
  const { actor, client } = page
  const state = client.tokens('bank').get()
  if (!('connection' in state)) return
  const { id, status } = state.connection
  add(status === 'connected' ? 2 : 8, `the person renews the connection on ${actor.name}`, () =>
    click(page, { connection: id }),
  )
}

type Add = (weight: number, label: string, run: () => void) => void

function atBank(world: World, draw: Draw, add: Add): void {
  const { browser, visits, server } = world
  const visit = choose(visits, draw(2))
  const name = `visit ${visits.indexOf(visit) + 1}`
  const { page, popup } = visit
  // Nobody is at the bank there.
  if (popup?.isClosed && visit.answers.length === 0) return
  const comeBack = (url: string): void => {
    visit.answers.push(url)
    if (popup && !popup.isClosed) {
      if (popup.page) browser.end(popup.page)
      popup.shows = 'app'
      popup.isCutOff = draw(14) < 0.3
      browser.open(url, null, popup)
      return
    }
    if (!popup && page.actor.alive && page.actor.frozen) browser.end(page)
    browser.open(url)
  }
  const isOpen = visit.answers.length === 0
  add(isOpen ? 25 : 1, `the person approves ${isOpen ? '' : 'once more '}at the bank (${name})`, () =>
    comeBack(server.approve(visit.url, visit.subject)),
  )
  add(1, `the person refuses at the bank (${name})`, () => comeBack(server.deny(visit.url)))
  const [last] = visit.answers.slice(-1)
  if (last !== undefined) add(2, `the answer of ${name} is opened in a second tab`, () => browser.open(last))
  if (!popup && page.actor.alive && page.actor.frozen)
    add(1, `the person goes back to ${page.actor.name}`, () => browser.show(page))
}

function useConnection(world: World, page: Page, add: Add): void {
  const { client, actor } = page
  const state = client.tokens('bank').get()
  const swallow = (): undefined => undefined
  if (state.status === 'connected') {
    if ('getAccessToken' in state)
      add(10, `the app on ${actor.name} uses the connection`, () => {
        const subject = page.subject()
        const token = runAs(actor, () => state.getAccessToken())
        token.then((value) => world.handed.push({ token: value, subject, page }), swallow)
      })
    if (world.browser.variant.tokens !== 'backend')
      add(4, `the app on ${actor.name} calls the API`, () => {
        runAs(actor, () => state.fetch('/accounts')).catch(swallow)
      })
  }
  if ('disconnect' in state)
    add(1, `the person disconnects on ${actor.name}`, () => {
      const { id } = state.connection
      world.disconnects += 1
      runAs(actor, () => state.disconnect()).then((result) => {
        // A backend that did not answer in time may still have it; the page says so.
        const isUnknown = !result.revoked && result.reason === 'unreachable'
        world.disconnected.push({ id, step: world.scheduler.steps, page, isUnknown })
      }, swallow)
    })
}

/** The app asks the backend for its list, which it otherwise does once an hour. */
function refreshList({ actor, client }: Page, add: Add): void {
  add(2, `the app on ${actor.name} asks for the list again`, () =>
    runAs(actor, () => client.connections.refresh()),
  )
}

/** All pages need an access token at the time at which it expires. */
function useEverywhere(world: World, pages: readonly Page[], add: Add): void {
  const connected = pages.flatMap((page) => {
    const state = page.client.tokens('bank').get()
    return state.status === 'connected' ? [{ page, state }] : []
  })
  const [only] = connected
  if (only)
    add(
      2,
      `the access token expires, and the app on ${only.page.actor.name} asks for another until it has one`,
      () => {
        world.hasSlept = true
        world.scheduler.pass(310)
        askOften(world, only.page, only.state, 3)
      },
    )
  if (connected.length < 2) return
  add(6, 'the access token expires, and every page uses the connection', () => {
    world.hasSlept = true
    world.scheduler.pass(310)
    for (const { page, state } of connected) askOften(world, page, state, 1)
  })
}

type Connected = Extract<ReturnType<ReturnType<Page['client']['tokens']>['get']>, { status: 'connected' }>

/** Uses a connection; an app that gets nothing asks again after two seconds. @param times How often it asks at most. */
function askOften({ scheduler }: World, { actor }: Page, state: Connected, times: number): void {
  const use = (): Promise<unknown> =>
    'getAccessToken' in state ? state.getAccessToken() : state.fetch('/accounts')
  const again = (left: number): void => {
    use().catch(() => {
      if (left > 1)
        scheduler.after(2, { label: `${actor.name}: the app asks again`, actor, run: () => again(left - 1) })
    })
  }
  runAs(actor, () => again(times))
}

/** A job of the server uses what the user has connected, beside the pages. */
function useOnServer(world: World, draw: Draw, add: Add): void {
  const { replicas, visits } = world
  const { subject } = visits[0] ?? {}
  if (!replicas || !subject) return
  const replica = choose(replicas.actors, draw(15))
  add(3, `a job on ${replica.name} uses what ${subject} has connected`, () => {
    replicas.useAll(replica, subject)
  })
  add(4, `the bank tells the app of ${subject}`, () => sendWebhook(world, subject))
  const isConnected = [...replicas.stored().keys()].some((key) => key.startsWith('connection:'))
  if (!isConnected) return
  add(12, 'six days pass, and a job on every replica renews what is due', () => {
    world.hasSlept = true
    world.scheduler.pass(6 * 86_400)
    for (const actor of replicas.actors) replicas.renewDue(actor)
  })
  add(2, `the person disconnects everything on another device`, () => {
    world.disconnects += 1
    replicas.disconnectAll(replica, subject)
  })
  add(8, `${replica.name} writes the connections as an older version does`, () => {
    replicas.writeAsBefore(replica)
  })
}

function session(world: World, draw: Draw, pages: readonly Page[], add: Add): void {
  const { browser } = world
  const next = choose(['ada', 'ada', 'bob', null], draw(3))
  const page = pages.length > 0 ? choose(pages, draw(4)) : undefined
  if (!page || next === browser.session) return
  const label = next === null ? 'somebody signs out' : `${next} signs in`
  add(next === 'ada' ? 3 : 1, `${label} on ${page.actor.name}`, () => {
    browser.session = next
    world.hasSessionChanged = true
    page.signIn(next)
  })
}

/** What happens to pages, storage and the device. */
function browserFaults(world: World, draw: Draw): Intervention[] {
  const { browser, scheduler } = world
  const pages = livePages(world)
  const page = pages.length > 0 ? choose(pages, draw(5)) : undefined
  const list: Intervention[] = [
    {
      weight: 2,
      label: 'time passes',
      run: () => {
        world.hasSlept = true
        scheduler.pass(choose([12, 20, 40, 70, 320, 1000], draw(6)))
      },
    },
    {
      weight: 1,
      label: "the device's clock is set",
      run: () => {
        world.areClocksWrong = true
        browser.clock.offset += choose([-3000, -400, -70, 70, 400, 3000], draw(7))
      },
    },
    {
      weight: 1,
      label: 'storage refuses its next operations',
      run: () => {
        world.isStorageBroken = true
        browser.denied += 1 + Math.floor(draw(8) * 3)
      },
    },
    {
      weight: 0.3,
      label: 'site data is cleared',
      run: () => {
        world.isStorageBroken = true
        browser.records.clear()
      },
    },
  ]
  if (browser.pages.length < 12)
    list.push({
      weight: 0.7,
      label: 'the app is upgraded: its pages are opened anew, over records of an older version',
      run() {
        for (const popup of browser.popups) if (!popup.isClosed) closePopup(browser, popup)
        for (const other of browser.pages) if (other.actor.alive) browser.end(other)
        makeOlder(browser, users)
        browser.open('/')
      },
    })
  const frozen = browser.pages.find((other) => other.actor.alive && other.actor.frozen && !other.isBehindBank)
  if (frozen)
    list.push({ weight: 3, label: `${frozen.actor.name} wakes up`, run: () => browser.show(frozen) })
  if (!page) return list
  list.push(
    { weight: 3, label: `${page.actor.name} crashes`, run: () => browser.end(page) },
    {
      weight: 1,
      label: `${page.actor.name} is frozen`,
      run: () => {
        world.hasSlept = true
        browser.freeze(page)
      },
    },
  )
  if (page.leaving)
    list.push({
      weight: 10,
      label: `${page.actor.name} does not leave after all`,
      run: () => (page.leaving = undefined),
    })
  return list
}

/** What happens to requests and answers. */
function networkFaults(world: World, draw: Draw): Intervention[] {
  const { scheduler, server } = world
  const list: Intervention[] = [
    { weight: 1, label: 'the bank is busy', run: () => server.failures.push({ kind: 'busy' }) },
    {
      weight: 1,
      label: "the bank's keys cannot be had for a while",
      run: () => server.failures.push(...Array<Failure>(5).fill({ kind: 'busy', path: '/jwks' })),
    },
    {
      weight: 2,
      label: 'a gateway of the bank fails',
      run() {
        world.isNetworkBroken = true
        server.failures.push({ kind: 'gateway', ...(draw(16) < 0.7 && { path: '/token' }) })
      },
    },
  ]
  const travelling = scheduler.eligible().filter(({ faults }) => faults && Object.keys(faults).length > 0)
  if (travelling.length === 0) return list
  // What redeems and refreshes is worth more than the rest.
  const telling = travelling.filter(({ label }) => label.includes('/token'))
  const operation = choose(telling.length > 0 && draw(12) < 0.7 ? telling : travelling, draw(9))
  const { lose, duplicate } = operation.faults ?? {}
  const hit = (fault: () => void) => (): void => {
    world.isNetworkBroken = true
    scheduler.take(operation)
    fault()
  }
  list.push({
    weight: 5,
    label: `delayed: ${operation.label}`,
    run() {
      scheduler.take(operation)
      scheduler.after(choose([2, 8, 20, 28], draw(13)), operation)
    },
  })
  if (lose) list.push({ weight: 6, label: `lost: ${operation.label}`, run: hit(lose) })
  if (duplicate) list.push({ weight: 5, label: `duplicated: ${operation.label}`, run: hit(duplicate) })
  return list
}

/** What happens to the backend. */
function backendFaults(world: World, draw: Draw): Intervention[] {
  const { replicas } = world
  if (!replicas) return []
  const replica = choose(replicas.actors, draw(10))
  const breaks = (work: () => void) => (): void => {
    world.isBackendBroken = true
    work()
  }
  return [
    { weight: 3, label: `${replica.name} is restarted`, run: breaks(() => replicas.restart(replica)) },
    { weight: 2, label: 'the store does not answer', run: breaks(() => replicas.failures.push('before')) },
    {
      weight: 2,
      label: 'an answer of the store is lost',
      run: breaks(() => replicas.failures.push('after')),
    },
    {
      weight: 2,
      label: `the clock of ${replica.name} is set`,
      run: () => {
        world.areClocksWrong = true
        replica.clock.offset += choose([-61, -20, 20, 61], draw(11))
      },
    },
  ]
}

/** One of the interventions, by their weights. */
export function pick(list: readonly Intervention[], at: number): Intervention | undefined {
  let rest = at * list.reduce((sum, { weight }) => sum + weight, 0)
  return list.find(({ weight }) => (rest -= weight) < 0)
}
