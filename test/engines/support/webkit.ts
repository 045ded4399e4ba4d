import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { env } from 'node:process'
import { Builder, Capabilities, error, type WebDriver, type WebElement } from 'selenium-webdriver'
import { appears } from './appears.js'
import { findControl, placeOf, type Engine, type Profile, type ProfileSettings, type Tab } from './engine.js'

/** Where WebKit is: its driver, the browser that it drives, and a display for that. */
export interface WebKitPaths {
  readonly driver: string
  readonly browser: string
  readonly display: string
}

/** WebKit (WebKitGTK's MiniBrowser), by WebDriver. A driver drives one browser. */
export const webkit = (paths: WebKitPaths): Engine => ({
  name: 'WebKit',
  open: async (settings) => {
    const display = await startDisplay(paths.display)
    const port = await freePort()
    const driver = spawn(paths.driver, [`--port=${String(port)}`, '--host=127.0.0.1'], {
      stdio: 'ignore',
      // Its sandbox needs what containers, and root in them, do not have.
      env: { ...env, DISPLAY: display.name, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' },
    })
    const stop = async () => {
      await end(driver)
      await end(display.process)
    }
    try {
      return await openProfile(`http://127.0.0.1:${String(port)}`, paths.browser, settings, stop)
    } catch (failure) {
      await stop()
      throw failure
    }
  },
})

async function openProfile(
  server: string,
  binary: string,
  { blocksCookies = false }: ProfileSettings = {},
  stop: () => Promise<void>,
): Promise<Profile> {
  await appears(() => fetch(`${server}/status`).catch(() => undefined))
  const args = ['--automation', ...(blocksCookies ? ['--cookies-policy=never'] : [])]
  const browser = await new Builder()
    .usingServer(server)
    .withCapabilities(
      new Capabilities({ browserName: 'MiniBrowser', 'webkitgtk:browserOptions': { binary, args } }),
    )
    .build()
  await browser.manage().setTimeouts({ script: 60_000 })
  const capabilities = await browser.getCapabilities()
  // One window at a time is "the current one" to WebDriver.
  let before: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const run = before.then(work, work)
    before = run.catch(() => undefined)
    return run
  }
  const handles = () => inTurn(() => browser.getAllWindowHandles())
  const first = await browser.getWindowHandle()
  let isFirstTaken = false
  const tab = (handle: string): Tab =>
    toTab(browser, (work) =>
      inTurn(async () => {
        await browser.switchTo().window(handle)
        return work()
      }),
    )
  return {
    version: `MiniBrowser ${String(capabilities.get('browserVersion'))}`,
    newTab: () =>
      inTurn(async () => {
        if (isFirstTaken) await browser.switchTo().newWindow('tab')
        else await browser.switchTo().window(first)
        isFirstTaken = true
        return tab(await browser.getWindowHandle())
      }),
    opened: async (action) => {
      const before = new Set(await handles())
      await action()
      return tab(await appears(async () => (await handles()).find((handle) => !before.has(handle))))
    },
    count: async () => (await handles()).length,
    close: async () => {
      await inTurn(() => browser.quit()).catch(() => undefined)
      await stop()
    },
  }
}

const toTab = (browser: WebDriver, inWindow: <T>(work: () => Promise<T>) => Promise<T>): Tab => ({
  goto: (url) => inWindow(() => browser.get(url)),
  url: () => inWindow(() => browser.getCurrentUrl()),
  reload: () => inWindow(() => browser.navigate().refresh()),
  // The driver's own command waits for ever for a page from the back/forward cache.
  back: () =>
    inWindow(async () => {
      await browser.executeScript('setTimeout(() => history.back())')
    }),
  close: () => inWindow(() => browser.close()),
  run: async (script, ...given) => {
    const { value, failure } = await inWindow(() =>
      browser.executeAsyncScript<{ value?: never; failure?: string }>(
        `const done = arguments[1]
         Promise.resolve().then(() => (${script.toString()})(...arguments[0])).then(
           (value) => done({ value }),
           (error) => done({ failure: String(error) }))`,
        given,
      ),
    )
    if (failure !== undefined) throw new Error(failure)
    return value as Awaited<ReturnType<typeof script>>
  },
  place: (control) =>
    inWindow(() =>
      browser.executeScript<string>(
        `return (${placeOf.toString()})((${findControl.toString()})(arguments[0]))`,
        control,
      ),
    ),
  click: (control) =>
    inWindow(async () => {
      const element = await browser.executeScript<WebElement | null>(
        `return (${findControl.toString()})(arguments[0])`,
        control,
      )
      try {
        await element?.click()
      } catch (failure) {
        // The click leads away, and what was clicked is gone before the driver has told of it.
        if (!(
          failure instanceof error.StaleElementReferenceError || failure instanceof error.NoSuchWindowError
        ))
          throw failure
      }
      return element !== null
    }),
})

/** A display that nobody sees, under a number that is free. */
async function startDisplay(path: string): Promise<{ name: string; process: ChildProcess }> {
  const process = spawn(path, ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [number] = (await once(process.stdio[3] as Readable, 'data')) as [Buffer]
  return { name: `:${number.toString().trim()}`, process }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function end(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const ended = once(process, 'exit')
  process.kill()
  await ended
}
