import type { BrowserContext, Page } from 'playwright-core'
import type { Bank } from '../../../demo/banks/bank.js'
import { card, pressConnect, status, type Bench } from './bench.js'

/** A place where the page waits for the browser: it may die there. */
export interface CrashPoint {
  /** Such as `fetch POST /oidc/token: answered`. */
  readonly name: string
  /** The page it belongs to. */
  readonly path: string
  /** The how many-th of this name it is: which of several is first differs from run to run, as the page does them at once. */
  readonly nth: number
}

/** What became of a connection whose tab died. */
export interface Aftermath {
  readonly point: string
  /**
   * `connected`: it was finished by loading the page again. `stored`: likewise, but the tokens were in the memory that
   * died. `restarted`: the person had to begin again, and could.
   */
  readonly end: 'connected' | 'stored' | 'restarted'
  /** Requests with the code that reached the token endpoint, and how many of them it granted. */
  readonly sent: number
  readonly granted: number
}

/** Wraps what the library waits for. The exposed function never returns at the point where the tab is to die. */
function instrument(origin: string): void {
  if (location.origin !== origin || window.top !== window) return
  const reach = (name: string): Promise<void> =>
    (window as unknown as { reachPoint: (name: string, path: string) => Promise<void> }).reachPoint(
      name,
      location.pathname,
    )
  const around =
    <Arguments extends unknown[], Result>(
      name: (...given: Arguments) => string,
      work: (...given: Arguments) => Promise<Result>,
    ) =>
    async (...given: Arguments): Promise<Result> => {
      await reach(`${name(...given)}: begins`)
      const result = await work(...given)
      await reach(`${name(...given)}: answered`)
      return result
    }
  const { subtle } = crypto
  subtle.digest = around((..._given: unknown[]) => 'digest', subtle.digest.bind(subtle))
  const fetch = window.fetch.bind(window)
  window.fetch = around(
    (input, init) =>
      `fetch ${init?.method ?? 'GET'} ${new URL(input instanceof Request ? input.url : input, origin).pathname}`,
    fetch,
  )
  const { locks } = navigator
  const request = locks.request.bind(locks) as (
    name: string,
    options: LockOptions,
    work: () => Promise<unknown>,
  ) => Promise<unknown>
  locks.request = (async (name: string, options: LockOptions, work: () => Promise<unknown>) => {
    const kind = name.replace(/^\w+:(\w+):.*$/, '$1')
    await reach(`lock ${kind}: asked for`)
    const result = await request(name, options, async () => {
      await reach(`lock ${kind}: held`)
      const done = await work()
      await reach(`lock ${kind}: work done`)
      return done
    })
    await reach(`lock ${kind}: released`)
    return result
  }) as typeof locks.request
  // By the time this runs, the records are committed and the page does not know it yet.
  const complete = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'oncomplete')
  Object.defineProperty(IDBTransaction.prototype, 'oncomplete', {
    ...complete,
    set(this: IDBTransaction, handler: (event: Event) => void) {
      // The devtools write in a database of their own whenever they have something to note.
      if (this.db.name !== 'countersign') return complete?.set?.call(this, handler)
      complete?.set?.call(this, (event: Event) => {
        void reach('IndexedDB: committed').then(() => {
          handler.call(this, event)
        })
      })
    },
  })
}

/** A profile whose tab dies at a point after the click. */
class Accident {
  readonly points: CrashPoint[] = []
  /** The code that came back to the tab that died. */
  code: string | undefined
  readonly died: Promise<void>
  readonly #context: BrowserContext
  readonly #at: Pick<CrashPoint, 'name' | 'nth'> | undefined
  #armed = false
  #die: () => void = () => undefined

  constructor(context: BrowserContext, at?: Pick<CrashPoint, 'name' | 'nth'>) {
    this.#context = context
    this.#at = at
    this.died = new Promise((resolve) => (this.#die = resolve))
  }

  async prepare(origin: string): Promise<void> {
    await this.#context.exposeBinding('reachPoint', ({ page }, name: string, path: string) =>
      this.#reach(page, name, path),
    )
    await this.#context.addInitScript(instrument, origin)
    this.#context.on('request', (request) => {
      const { searchParams } = new URL(request.url())
      if (request.isNavigationRequest()) this.code ??= searchParams.get('code') ?? undefined
    })
  }

  arm(): void {
    this.#armed = true
  }

  disarm(): void {
    this.#armed = false
  }

  async #reach(page: Page, name: string, path: string): Promise<void> {
    if (!this.#armed || /institutions|accounts|graphql/.test(name)) return
    const nth = this.points.filter((point) => point.name === name).length + 1
    this.points.push({ name, path, nth })
    if (name !== this.#at?.name || nth !== this.#at.nth) return
    this.#armed = false
    const session = await page.context().newCDPSession(page)
    page.once('crash', this.#die)
    // The answer never comes: the page that would send it is gone.
    void session.send('Page.crash').catch(() => undefined)
    await new Promise<never>(() => undefined)
  }
}

const banks = {
  Apiture: { name: 'apiture', token: '/oidc/token', authorize: '/oidc/authorize' },
  Stitch: { name: 'stitch', token: '/connect/token', authorize: '/connect/authorize' },
} as const

/** Connects while counting the points at which the tab could die. */
export async function findPoints(bench: Bench, title: keyof typeof banks): Promise<CrashPoint[]> {
  const context = await bench.newProfile()
  const accident = new Accident(context)
  await accident.prepare(bench.demo.origin)
  const page = await context.newPage()
  await page.goto(bench.demo.origin)
  await ready(page, title)
  accident.arm()
  await goThrough(bench, page, title)
  await status(page, title)
    .filter({ hasText: /^Connected$/ })
    .waitFor()
  accident.disarm()
  await context.close()
  await bench.forget()
  return accident.points
}

/** A profile whose tab has died at a point; or in which that point did not come. */
async function crash(bench: Bench, title: keyof typeof banks, at: CrashPoint) {
  bench.demo.banks[banks[title].name].requests.clear()
  const context = await bench.newProfile()
  const accident = new Accident(context, at)
  await accident.prepare(bench.demo.origin)
  const page = await context.newPage()
  await page.goto(bench.demo.origin)
  await ready(page, title)
  accident.arm()
  await goThrough(bench, page, title).catch(() => undefined)
  const connected = status(page, title)
    .filter({ hasText: /^Connected$/ })
    .waitFor()
  // That of a tab which has died never settles as it should.
  await Promise.race([accident.died, connected.catch(() => accident.died)])
  return { context, accident, path: accident.points.at(-1)?.path ?? '' }
}

/** Kills the tab at a point and opens the app in another one. */
export async function reopenAfter(bench: Bench, title: keyof typeof banks, at: CrashPoint): Promise<Page> {
  const { context } = await crash(bench, title, at)
  const page = await context.newPage()
  await page.goto(bench.demo.origin)
  return page
}

/** Kills the tab at a point, loads the page again and goes on as a person would. */
export async function crashAt(bench: Bench, title: keyof typeof banks, at: CrashPoint): Promise<Aftermath> {
  const { name, token, authorize } = banks[title]
  const bank: Bank = bench.demo.banks[name]
  const { context, accident, path } = await crash(bench, title, at)
  const again = await context.newPage()
  const state = bank.requests.find(authorize)[0]?.parameters['state']
  await (path.startsWith('/callback/') && state !== undefined
    ? restore(again, bench.demo.origin + path, state)
    : again.goto(bench.demo.origin))
  const end = await finish(bench, again, title)
  await context.close()
  await bench.forget()
  const codes = bank.requests.find(token, { grant_type: 'authorization_code' })
  const own = codes.filter(({ parameters }) => parameters['code'] === accident.code)
  return {
    point: `${path}: ${accident.points.at(-1)?.name ?? 'none'}`,
    end,
    sent: own.length,
    granted: own.filter(({ status }) => status === 200).length,
  }
}

const ready = (page: Page, title: string) =>
  status(page, title)
    .filter({ hasText: /^Not connected$/ })
    .waitFor()

/** From the click to the way back, by the bank that answers alone. */
async function goThrough(bench: Bench, page: Page, title: keyof typeof banks): Promise<void> {
  bench.demo.banks[banks[title].name].control.always({ automatic: true })
  await pressConnect(page, title)
}

/** The history entry of the dead tab, as a browser that restores it has it: the address is clean, the state is kept. */
async function restore(page: Page, url: string, state: string): Promise<void> {
  await page.addInitScript(
    ([address, countersign]) => {
      if (location.href === address && history.state === null) history.replaceState({ countersign }, '')
    },
    [url, state.slice(0, 16)],
  )
  await page.goto(url)
}

/** Waits for the connection; where the page says that it must be begun again, begins again. */
async function finish(bench: Bench, page: Page, title: keyof typeof banks): Promise<Aftermath['end']> {
  const settled = status(page, title).filter({
    hasText: /^(Connected|Not connected.*|Connect again to go on)$/,
  })
  await settled.waitFor()
  const text = await settled.textContent()
  if (text === 'Connected') return 'connected'
  if (text === 'Connect again to go on') return 'stored'
  const startAgain = card(page, title).getByRole('button', { name: 'Start again' })
  if (await startAgain.isVisible()) await startAgain.click()
  else await goThrough(bench, page, title)
  await status(page, title)
    .filter({ hasText: /^Connected$/ })
    .waitFor()
  return 'restarted'
}
