import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from '../../src/platform/database.js'
import { withLease } from '../../src/platform/fallback-lease.js'
import { openTabs } from '../../src/platform/tabs.js'
import { createBrowser } from '../support/browser.js'
import { settled } from '../support/until.js'

function open(name = 'app') {
  const { clock } = createBrowser()
  const database = openDatabase(name)
  const tabs = openTabs(name, clock, database)
  onTestFinished(() => tabs.close())
  return { tabs, clock, database }
}

/** What a tab hears. */
function listen(tabs: ReturnType<typeof openTabs>) {
  const heard: string[] = []
  const stop = tabs.onAnnounced((id) => heard.push(id))
  return { heard, stop }
}

/** Resolves when messages that were sent before have arrived. */
async function delivered(name = 'app') {
  const [one, two] = [new BroadcastChannel(name), new BroadcastChannel(name)]
  await new Promise((resolve) => {
    two.addEventListener('message', resolve, { once: true })
    one.postMessage('ping')
  })
  await settled()
  one.close()
  two.close()
}

describe('an announcement', () => {
  test('is heard in the other tabs, not in its own', async () => {
    const [a, b] = [open(), open()]
    const [own, other] = [listen(a.tabs), listen(b.tabs)]
    a.tabs.announce('connection-1')
    await delivered()
    expect([own.heard, other.heard]).toEqual([[], ['connection-1']])
  })

  test('is not heard under another name', async () => {
    const other = listen(open('another app').tabs)
    open().tabs.announce('connection-1')
    await delivered()
    expect(other.heard).toEqual([])
  })

  test('is not heard any more by who has stopped listening', async () => {
    const { heard, stop } = listen(open().tabs)
    stop()
    open().tabs.announce('connection-1')
    await delivered()
    expect(heard).toEqual([])
  })

  test('of another shape is not heard', async () => {
    const { heard } = listen(open().tabs)
    const stranger = new BroadcastChannel('app')
    for (const message of [
      null,
      undefined,
      'x',
      7,
      {},
      { v: 1 },
      { v: 2, id: 'x' },
      { v: 1, id: 7 },
      [1, 'x'],
    ])
      stranger.postMessage(message)
    stranger.postMessage({ v: 1, id: 'good', code: 'ignored' })
    await delivered()
    stranger.close()
    expect(heard).toEqual(['good'])
  })

  /** @see attack 36: another window posts a response */
  test('that another window posts is not heard', async () => {
    const page = new EventTarget()
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
    const { tabs } = open()
    const { heard } = listen(tabs)
    page.dispatchEvent(new MessageEvent('message', { data: { v: 1, id: 'from-a-window' } }))
    await delivered()
    expect(heard).toEqual([])
  })

  test('is the only message that src listens to', () => {
    const src = fileURLToPath(new URL('../../src', import.meta.url))
    const listening = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .filter((file) =>
        /addEventListener\(\s*['"`]message|\bonmessage\b/.test(readFileSync(join(src, file), 'utf8')),
      )
    expect(listening).toEqual([join('platform', 'tabs.ts')])
  })

  test('is neither heard nor made after the tab was closed', async () => {
    const [a, b] = [open(), open()]
    const [closed, other] = [listen(a.tabs), listen(b.tabs)]
    a.tabs.close()
    b.tabs.announce('to-the-closed')
    a.tabs.announce('from-the-closed')
    await delivered()
    expect([closed.heard, other.heard]).toEqual([[], []])
  })

  test('goes nowhere, quietly, where there are no BroadcastChannels', () => {
    vi.stubGlobal('BroadcastChannel', undefined)
    const { tabs } = open()
    listen(tabs).stop()
    tabs.announce('connection-1')
    tabs.close()
  })

  test('goes nowhere, quietly, where the browser forbids BroadcastChannels, as Firefox does with blocked cookies', () => {
    let tries = 0
    function Forbidden(): void {
      tries += 1
      throw new DOMException('The operation is insecure.', 'SecurityError')
    }
    vi.stubGlobal('BroadcastChannel', Forbidden)
    const { tabs } = open()
    listen(tabs).stop()
    tabs.announce('connection-1')
    tabs.close()
    expect(tries).toBeGreaterThan(0)
  })
})

describe('a lock', () => {
  const forbidden = () => new DOMException('Locks are not available.', 'SecurityError')

  test.each<[string, () => unknown]>([
    [
      'when it is looked for',
      () => {
        throw forbidden()
      },
    ],
    [
      'at once when it is requested',
      () => ({
        request: () => {
          throw forbidden()
        },
      }),
    ],
    ['by a rejection', () => ({ request: () => Promise.reject(forbidden()) })],
  ])('is a lease in the database where the browser forbids Web Locks %s', async (_how, get) => {
    vi.stubGlobal('navigator', Object.defineProperty({}, 'locks', { get }))
    const { tabs, database } = open()
    const during = await tabs.lock('tx:1', 60, () => database.entries())
    expect(during.map(([key]) => key)).toEqual(['lease:tx:1'])
  })

  test('whose work is refused something is not done twice', async () => {
    vi.stubGlobal('navigator', {
      locks: { request: (_name: string, _options: LockOptions, work: () => unknown) => work() },
    })
    const work = vi.fn(() => Promise.reject(forbidden()))
    await expect(open().tabs.lock('tx:1', 60, work)).rejects.toMatchObject({ name: 'SecurityError' })
    expect(work).toHaveBeenCalledOnce()
  })

  test('is the Web Lock of this name, waited for and never stolen', async () => {
    const request = vi.fn((_name: string, _options: LockOptions, work: () => Promise<string>) => work())
    vi.stubGlobal('navigator', { locks: { request } })
    expect(await open().tabs.lock('tx:1', 60, async () => 'done')).toBe('done')
    const [name, options] = request.mock.calls[0] ?? []
    expect(name).toBe('app:tx:1')
    expect(Object.keys(options ?? {})).toEqual(['signal'])
    expect(options?.signal?.aborted).toBe(false)
  })

  test('that is requested as it is has the name of the app, and the options of the caller', async () => {
    const request = vi.fn((_name: string, _options: LockOptions, work: (lock: null) => unknown) => work(null))
    vi.stubGlobal('navigator', { locks: { request } })
    const options = { mode: 'shared' } as const
    expect(await open().tabs.request?.('held:1', options, async (lock) => lock)).toBeNull()
    expect(request).toHaveBeenCalledWith('app:held:1', options, expect.any(Function))
  })

  test('that is requested as it is is no lease where there are no Web Locks', async () => {
    vi.stubGlobal('navigator', {})
    const { tabs, database } = open()
    const work = vi.fn(async () => undefined)
    expect(tabs.request?.('held:1', {}, work)).toBeUndefined()
    expect(work).not.toHaveBeenCalled()
    expect(await database.entries()).toEqual([])
  })

  test('that does not come free in time is given up', async () => {
    const request = (_name: string, { signal }: LockOptions) =>
      new Promise((_resolve, reject) => {
        // As Chrome before 124: not with the signal's reason.
        signal?.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
      })
    vi.stubGlobal('navigator', { locks: { request } })
    let name: string | undefined
    const { tabs, clock } = open()
    tabs.lock('tx:1', 60, async () => 'done').catch((error: unknown) => (name = (error as Error).name))
    clock.advance(60)
    await expect.poll(() => name).toBe('TimeoutError')
  })

  test.each<[string, unknown]>([
    ['Web Locks', {}],
    ['a navigator', undefined],
  ])('is a lease in the database where there is no %s', async (_name, navigator) => {
    vi.stubGlobal('navigator', navigator)
    const { tabs, database } = open()
    const during = await tabs.lock('tx:1', 60, () => database.entries())
    expect(during.map(([key]) => key)).toEqual(['lease:tx:1'])
    expect(await database.entries()).toEqual([])
  })
})

describe('a lease', () => {
  const scene = () => {
    const { clock } = createBrowser()
    return { clock, database: openDatabase('app') }
  }
  const never = () => new Promise<never>(() => {})
  /** Lets time pass in the small steps in which a waiting tab looks again. */
  async function pass(clock: ReturnType<typeof scene>['clock'], seconds: number) {
    for (let elapsed = 0; elapsed < seconds; elapsed += 0.5) {
      clock.advance(0.5)
      await settled()
    }
  }

  test('is held by one at a time', async () => {
    const { clock, database } = scene()
    const order: string[] = []
    let finish = (): void => undefined
    const first = withLease({ clock, database }, 'x', 60, async () => {
      order.push('first begins')
      await new Promise<void>((resolve) => (finish = resolve))
      order.push('first ends')
    })
    await settled()
    const second = withLease({ clock, database }, 'x', 60, async () => order.push('second'))
    await pass(clock, 2)
    expect(order).toEqual(['first begins'])
    finish()
    await first
    await pass(clock, 1)
    await second
    expect(order).toEqual(['first begins', 'first ends', 'second'])
  })

  test('under another name is another', async () => {
    const { clock, database } = scene()
    void withLease({ clock, database }, 'x', 60, never)
    await settled()
    expect(await withLease({ clock, database }, 'y', 60, async () => 'done')).toBe('done')
  })

  test('comes free when its work fails', async () => {
    const { clock, database } = scene()
    await expect(
      withLease({ clock, database }, 'x', 60, async () => {
        throw new Error('failed')
      }),
    ).rejects.toThrow('failed')
    expect(await withLease({ clock, database }, 'x', 60, async () => 'done')).toBe('done')
  })

  test('lasts for as long as its work goes on', async () => {
    const { clock, database } = scene()
    void withLease({ clock, database }, 'x', 60, never)
    await settled()
    const second = withLease({ clock, database }, 'x', 45, async () => 'taken').catch(
      (error: unknown) => error,
    )
    await pass(clock, 50)
    expect(await second).toMatchObject({ name: 'TimeoutError' })
  })

  test('of a tab that died runs out', async () => {
    const { clock, database } = scene()
    const dead = { now: clock.now, after: () => () => undefined }
    void withLease({ clock: dead, database }, 'x', 60, never)
    await settled()
    const work = vi.fn(async () => 'taken')
    void withLease({ clock, database }, 'x', 60, work)
    await pass(clock, 16)
    await expect.poll(() => work.mock.calls).toHaveLength(1)
  })

  test('of a tab that died runs out where the clock is set back meanwhile', async () => {
    const { clock, database } = scene()
    const ahead = { now: () => clock.now() + 3000, after: () => () => undefined }
    void withLease({ clock: ahead, database }, 'x', 60, never)
    await settled()
    const second = withLease({ clock, database }, 'x', 600, async () => 'taken')
    // One look at each step.
    await pass(clock, 160)
    expect(await second).toBe('taken')
  })

  test('that somebody made out for ever is given up on in time', async () => {
    const { clock, database } = scene()
    await database.change([], () => [{ 'lease:x': { owner: 'evil', until: Number.MAX_VALUE } }, undefined])
    const waiting = withLease({ clock, database }, 'x', 5, async () => 'taken').catch(
      (error: unknown) => error,
    )
    await pass(clock, 7)
    expect(await waiting).toMatchObject({ name: 'TimeoutError' })
  })

  test('is given up on in time where the clock is set back meanwhile', async () => {
    const { clock, database } = scene()
    let back = 0
    const wrong = { now: () => clock.now() - back, after: clock.after }
    const dead = { now: clock.now, after: () => () => undefined }
    void withLease({ clock: dead, database }, 'x', 60, never)
    await settled()
    const waiting = withLease({ clock: wrong, database }, 'x', 5, async () => 'taken').catch(
      (error: unknown) => error,
    )
    await pass(clock, 1)
    back = 3000
    await pass(clock, 6)
    expect(await waiting).toMatchObject({ name: 'TimeoutError' })
  })

  test('is not renewed any more when its work ends while it is being renewed', async () => {
    const { clock, database } = scene()
    let changes = 0
    let reach = (): void => undefined
    const renewing = new Promise<void>((resolve) => (reach = resolve))
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const slow: typeof database = {
      ...database,
      async change(keys, change) {
        // The first takes it, the second renews it.
        if ((changes += 1) === 2) {
          reach()
          await released
        }
        return database.change(keys, change)
      },
    }
    await withLease({ clock, database: slow }, 'x', 60, async () => {
      await settled()
      clock.advance(6)
      await renewing
    })
    release()
    await settled()
    const before = changes
    await pass(clock, 20)
    expect(changes).toBe(before)
  })
})
