import { beforeEach, describe, expect, test, vi } from 'vitest'
import { windowNavigation } from '../../src/platform/navigation.js'
import { browserPlatform } from '../../src/platform/platform.js'

/** As much of a window as navigation needs: jsdom's location cannot be replaced. */
class FakeWindow extends EventTarget {
  top: unknown = this
  readonly open = vi.fn<(url: string, target: string, features: string) => object | null>()
  readonly close = vi.fn()
}

let window: FakeWindow
let document: EventTarget & { prerendering?: boolean; hidden?: boolean }

beforeEach(() => {
  window = new FakeWindow()
  document = new EventTarget()
  vi.stubGlobal('window', window)
  vi.stubGlobal('document', document)
  vi.stubGlobal('location', { href: 'https://app.example/callback/bank?code=c', assign: vi.fn() })
  vi.stubGlobal('history', { state: { key: 'k' }, replaceState: vi.fn() })
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
})

describe('the window’s navigation', () => {
  test('reads and replaces the address and the state of the history entry', () => {
    expect(windowNavigation.url().href).toBe('https://app.example/callback/bank?code=c')
    expect(windowNavigation.historyState()).toEqual({ key: 'k' })
    windowNavigation.replace('https://app.example/callback/bank', { key: 'k', countersign: 'id' })
    expect(history.replaceState).toHaveBeenCalledWith(
      { key: 'k', countersign: 'id' },
      '',
      'https://app.example/callback/bank',
    )
  })

  test('leaves by the top-level location', () => {
    windowNavigation.assign('https://as.example/authorize', vi.fn())
    expect(location.assign).toHaveBeenCalledWith('https://as.example/authorize')
  })

  test('tells that it did not leave, where the browser does, but not that an earlier attempt did not', () => {
    const navigation = new EventTarget()
    Object.assign(window, { navigation })
    // As browsers do: a navigation is announced while it is asked for, after the one before is given up.
    let ongoing = new AbortController()
    vi.mocked(location.assign).mockImplementation(() => {
      ongoing.abort()
      ongoing = new AbortController()
      navigation.dispatchEvent(Object.assign(new Event('navigate'), { signal: ongoing.signal }))
    })
    const [first, second] = [vi.fn(), vi.fn()]
    windowNavigation.assign('https://as.example/authorize', first)
    windowNavigation.assign('https://as.example/authorize', second)
    expect(first).toHaveBeenCalledTimes(1)
    expect(second).not.toHaveBeenCalled()
    ongoing.abort()
    expect(second).toHaveBeenCalledTimes(1)
  })

  test('knows a frame', () => {
    expect(windowNavigation.isTopLevel()).toBe(true)
    window.top = new FakeWindow()
    expect(windowNavigation.isTopLevel()).toBe(false)
  })

  test('begins at once, or when a page that was loaded ahead is shown', () => {
    const work = vi.fn()
    windowNavigation.whenActive(work)
    expect(work).toHaveBeenCalledTimes(1)

    document.prerendering = true
    windowNavigation.whenActive(work)
    expect(work).toHaveBeenCalledTimes(1)
    document.dispatchEvent(new Event('prerenderingchange'))
    document.dispatchEvent(new Event('prerenderingchange'))
    expect(work).toHaveBeenCalledTimes(2)
  })

  test('tells when the page comes out of the back/forward cache, and not when it is first shown', () => {
    const listener = vi.fn()
    const stop = windowNavigation.onShown(listener)
    const show = (persisted: boolean) =>
      window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }))
    show(false)
    expect(listener).not.toHaveBeenCalled()
    show(true)
    expect(listener).toHaveBeenCalledTimes(1)
    stop()
    show(true)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('tells when the page is looked at again', () => {
    const listener = vi.fn()
    const stop = windowNavigation.onShown(listener)
    document.hidden = true
    document.dispatchEvent(new Event('visibilitychange'))
    expect(listener).not.toHaveBeenCalled()
    document.hidden = false
    document.dispatchEvent(new Event('visibilitychange'))
    expect(listener).toHaveBeenCalledTimes(1)
    stop()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('tells when the page is left, or kept in the back/forward cache', () => {
    const listener = vi.fn()
    const stop = windowNavigation.onHidden?.(listener)
    window.dispatchEvent(new Event('pagehide'))
    expect(listener).toHaveBeenCalledTimes(1)
    stop?.()
    window.dispatchEvent(new Event('pagehide'))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('opens a popup that has no way back to this page', () => {
    const popup = { opener: window }
    window.open.mockReturnValue(popup)
    expect(windowNavigation.openPopup()).toBe(popup)
    expect(popup.opener).toBeNull()
    window.open.mockReturnValue(null)
    expect(windowNavigation.openPopup()).toBeNull()
  })
})

test('the browser’s fetch is looked up at each request, so that it can be replaced later', async () => {
  const { fetch } = browserPlatform('app')
  const answer = new Response()
  vi.stubGlobal('fetch', async () => answer)
  expect(await fetch('https://as.example/')).toBe(answer)
})
