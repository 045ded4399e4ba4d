import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Bank } from '../../../demo/banks/bank.js'
import { startDemo, type Demo } from '../../../demo/demo.js'
import type { Client } from 'countersign'
import { forgetConnections } from '../../support/forget-connections.js'
import type { Engine, Profile, ProfileSettings, Tab } from './engine.js'
import {
  click,
  connect,
  openApp,
  pressConnect,
  seeBank,
  seeStatus,
  seeText,
  signInAtBank,
  until,
} from './person.js'

/** What the page of `demo/bench` has in its window. */
interface BenchWindow {
  readonly bank: Client
}

/** Lets the page look at its popup a few times: timers that follow one another as its own do. */
const lookAtPopup = (tab: Tab): Promise<void> =>
  tab.run(async () => {
    for (let looks = 0; looks < 8; looks++) await new Promise((resolve) => setTimeout(resolve, 250))
  })

const inOwnWindow = 'Open banks in a window of their own'
const apitureCard = 'Tern Harbor Community Bank'

/** The scenarios that must hold in every engine: the real demo, its banks, and one browser for each test. */
export function describeEngine(engine: Engine): void {
  let demo: Demo | undefined
  let profiles: Profile[] = []
  const started = (): Demo => {
    if (!demo) throw new Error('The demo has not started.')
    return demo
  }
  const open = async (settings?: ProfileSettings): Promise<Profile> => {
    const profile = await engine.open(settings)
    profiles.push(profile)
    return profile
  }
  /** The app, with a user signed in. */
  const openPage = async (): Promise<{ profile: Profile; tab: Tab }> => {
    const profile = await open()
    const tab = await profile.newTab()
    await openApp(tab, started().origin)
    return { profile, tab }
  }
  const apiture = () => started().banks.apiture
  const tokenRequests = (grant: string) => apiture().requests.count('/oidc/token', { grant_type: grant })

  beforeAll(async () => {
    demo = await startDemo({ dpop: true, page: inject('enginesPage') })
  })
  afterEach(async () => {
    await Promise.all(profiles.map((profile) => profile.close()))
    profiles = []
    await forgetConnections(started().origin)
    for (const bank of Object.values<Bank>({ ...started().banks })) {
      bank.control.reset()
      bank.requests.clear()
    }
  })
  afterAll(() => demo?.close())

  it('is a browser of that engine', async () => {
    const { version } = await open()
    console.info(`${engine.name}: ${version}`)
    expect(version).toMatch(/\d/)
  })

  it.each([
    ['Apiture', 'Everyday Checking'],
    ['Basis', 'Lasagna Enterprises'],
    ['FDX', 'Analytical Checking'],
    ['Moneyhub', 'Everyday Account'],
    ['Stitch', 'Current Account'],
  ])('connects %s by a redirect, shows data, and has the connection after a reload', async (bank, data) => {
    const { tab } = await openPage()
    await connect(tab, bank)
    await seeText(tab, data)
    expect(await tab.url()).toBe(`${started().origin}/`)
    await tab.reload()
    await seeStatus(tab, bank, 'Connected')
  })

  it('shows that access was denied', async () => {
    const { tab } = await openPage()
    await pressConnect(tab, 'Apiture')
    await signInAtBank(tab, 'Apiture')
    await click(tab, { name: 'Deny' })
    await seeStatus(tab, 'Apiture', 'Denied')
    expect(tokenRequests('authorization_code')).toBe(0)
  })

  it('sends one code for two tabs on one callback, and both are connected', async () => {
    const { profile, tab } = await openPage()
    await pressConnect(tab, 'Apiture')
    await signInAtBank(tab, 'Apiture')
    const [request] = apiture().requests.find('/oidc/authorize')
    const beside = await profile.newTab()
    await beside.goto(`${started().origin}/icon.svg`)
    await holdTransaction(beside, request?.parameters['state'] ?? '')

    await click(tab, { name: 'Approve' })
    await until(tab, 'the way back', () => location.pathname.startsWith('/callback/'))
    const callback = await tab.run(() => performance.getEntriesByType('navigation')[0]?.name ?? '')
    expect(new URL(callback).searchParams.get('code')).toBeTruthy()
    const second = await profile.newTab()
    await second.goto(callback)
    await seeText(second, 'Finishing your connection')
    await until(second, 'the response to be taken', () => location.search === '')
    await beside.close()

    await seeStatus(tab, 'Apiture', 'Connected')
    await seeStatus(second, 'Apiture', 'Connected')
    expect(tokenRequests('authorization_code')).toBe(1)
  })

  it('connects when the callback is loaded again before the bank has answered', async () => {
    const { tab } = await openPage()
    await pressConnect(tab, 'Apiture')
    await signInAtBank(tab, 'Apiture')
    apiture().control.next({ token: 'hang' })
    await click(tab, { name: 'Approve' })
    await expect.poll(() => tokenRequests('authorization_code')).toBe(1)
    await tab.reload()
    await seeStatus(tab, 'Apiture', 'Connected')
    expect(tokenRequests('authorization_code')).toBe(2)
  })

  it('refreshes once for three tabs with ten callers each', async () => {
    apiture().control.next({ accessTokenSeconds: 60 })
    const { profile, tab } = await openPage()
    await connect(tab, 'Apiture')
    const tabs = [tab, await profile.newTab(), await profile.newTab()]
    for (const more of tabs.slice(1)) await more.goto(started().origin)
    for (const each of tabs) {
      await seeText(each, 'Everyday Checking')
      await each.run(() => {
        const now = Date.now.bind(Date)
        Date.now = () => now() + 120_000
      })
    }
    const answers = await Promise.all(tabs.map((each) => each.run(askForToken, 10)))
    expect(answers).toEqual([[], [], []])
    expect(tokenRequests('refresh_token')).toBe(1)
  })

  it('goes on after "back" from the bank', async () => {
    const { tab } = await openPage()
    await pressConnect(tab, 'Apiture')
    await seeBank(tab, started().origin)
    // WebKit's driver loses a page that comes from the back/forward cache.
    if (engine.name === 'WebKit') await tab.goto(started().origin)
    else await tab.back()
    await until(tab, 'the app', () => document.querySelector('article[data-bank]') !== null)
    await connect(tab, 'Apiture')
    expect(tokenRequests('authorization_code')).toBe(1)
  })

  describe('in a window of its own', () => {
    /** The bank's window, once it shows the consent page. */
    const goToBank = async (profile: Profile, tab: Tab): Promise<Tab> => {
      await click(tab, { name: inOwnWindow })
      const popup = await profile.opened(() => pressConnect(tab, 'Apiture'))
      await signInAtBank(popup, 'Apiture')
      await seeText(popup, 'Approve')
      return popup
    }

    it('the bank connects the page that opened it, and closes', async () => {
      const { profile, tab } = await openPage()
      const popup = await goToBank(profile, tab)
      await seeStatus(tab, 'Apiture', 'Connecting…')
      await click(popup, { name: 'Approve' })
      await seeStatus(tab, 'Apiture', 'Connected')
      await expect.poll(() => profile.count()).toBe(1)
      expect(tokenRequests('authorization_code')).toBe(1)
    })

    it('the bank is no longer waited for when the person closes it', async () => {
      const { profile, tab } = await openPage()
      const popup = await goToBank(profile, tab)
      await lookAtPopup(tab)
      await popup.close()
      // To WebKit every window looks closed that the app's own isolation (COOP) has cut off: that one is not believed.
      if (engine.name === 'WebKit') await click(tab, { name: 'Cancel', within: apitureCard })
      await seeText(tab, 'The bank’s window was closed')
      await seeStatus(tab, 'Apiture', 'Not connected')
    })

    it('that the browser does not open is reported, and the page goes there itself', async () => {
      const { profile, tab } = await openPage()
      await click(tab, { name: inOwnWindow })
      // Blocked by a setting or an extension: the drivers themselves have every window allowed.
      await tab.run(() => {
        window.open = () => null
      })
      await pressConnect(tab, 'Apiture')
      await seeText(tab, 'popup_blocked')
      expect(await profile.count()).toBe(1)
      await click(tab, { name: 'Open it on this page', within: apitureCard })
      await signInAtBank(tab, 'Apiture')
      await click(tab, { name: 'Approve' })
      await seeStatus(tab, 'Apiture', 'Connected')
    })
  })

  it('with cookies blocked shows the app, and says what is missing before anybody leaves', async () => {
    const tab = await (await open({ blocksCookies: true })).newTab()
    await tab.goto(started().origin)
    await seeText(tab, 'Lasagna')
    await until(tab, 'the client', () => 'bank' in window)
    if (engine.name === 'WebKit') {
      // Its setting is for cookies alone: there is a place for the transaction.
      await tab.run(setOut)
      await until(tab, 'the bank', (origin) => location.origin !== origin, started().origin)
      return
    }
    expect(await tab.run(setOutInVain)).toBe('storage_unavailable')
    expect(await tab.url()).toBe(`${started().origin}/`)
  })
}

/** Lets `callers` ask for Apiture's token at once. Resolves with the codes of those who got none. Runs in the page. */
async function askForToken(callers: number): Promise<string[]> {
  const state = (window as unknown as BenchWindow).bank.tokens('apiture').get()
  if (state.status !== 'connected' || !('getAccessToken' in state)) return [state.status]
  const settled = await Promise.allSettled(Array.from({ length: callers }, () => state.getAccessToken()))
  return settled.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { code?: string }).code ?? String(one.reason)] : [],
  )
}

/** Sets out for Apiture as a user whom the app's cookie does not name. Runs in the page. */
function setOut(): void {
  const { bank } = window as unknown as BenchWindow
  bank.setSubject('robin')
  bank.authorization('apiture').authorize()
}

/** Does the same, and resolves with the code of the error. Runs in the page. */
function setOutInVain(): Promise<string> {
  const { bank } = window as unknown as BenchWindow
  bank.setSubject('robin')
  const authorization = bank.authorization('apiture')
  return new Promise((resolve) => {
    authorization.subscribe(() => {
      const state = authorization.get()
      if ('error' in state) resolve((state.error as { code: string }).code)
    })
    authorization.authorize()
  })
}

/** Keeps every page from redeeming the code of a transaction until this one is closed. */
const holdTransaction = (tab: Tab, state: string): Promise<void> =>
  tab.run(async (value) => {
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(value)))
    const name = btoa(String.fromCharCode(...hash))
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .replace(/=+$/, '')
    await new Promise<void>((held) => {
      void navigator.locks.request(`countersign:tx:${name}`, () => {
        held()
        return new Promise(() => undefined)
      })
    })
  }, state)
