// `?fake`: a service worker plays the banks and the app's server, so that no server is needed.
import { browser, keep, readKept, tab } from '../kept.js'
import { workerPolicy } from './policy.js'

const chosenKey = 'lasagna:fake'
const attemptKey = 'lasagna:fake-attempt'
const parameter = 'fake'

/** Milliseconds between two signs of life: a service worker that hears nothing for half a minute is ended. */
const signOfLifeMs = 20_000

/**
 * Finds out whether this page is to have the fake banks, and whether it has. The service worker serves the page that has
 * them; any other page that should, is loaded again as soon as there is one. The choice is kept in this browser, so that it
 * holds on the way back from a bank, after a reload and in every tab.
 *
 * @returns whether the page is left, so that none of it may run
 */
export async function switchesBanks(): Promise<boolean> {
  const wanted = new URLSearchParams(location.search).get(parameter)
  const { hasServer, fake } = readDocument()
  if (wanted === 'off' && hasServer) return leaveFakeBanks()
  if (fake) {
    if (wanted !== null) history.replaceState(history.state, '', withoutParameter())
    keep(browser, chosenKey, true)
    keep(tab, attemptKey, false)
    signOfLife()
    setInterval(signOfLife, signOfLifeMs)
    return false
  }
  if (hasServer && wanted === null && !readKept<boolean>(browser, chosenKey, false)) return false
  return startFakeBanks(wanted !== null || !hasServer)
}

/** What the document says of where it comes from. */
function readDocument(): { readonly hasServer: boolean; readonly fake: boolean } {
  const text = document.getElementById('configuration')?.textContent ?? ''
  if (text === '') return { hasServer: false, fake: false }
  const { fake } = JSON.parse(text) as { readonly fake: false | 'chosen' | 'only' }
  return { fake: fake !== false, hasServer: fake !== 'only' }
}

const signOfLife = (): void => navigator.serviceWorker.controller?.postMessage('here')

function withoutParameter(): string {
  const url = new URL(location.href)
  url.searchParams.delete(parameter)
  return url.href
}

/** @param mayRegister Whether the policy of this page lets it start the worker; a page that may is loaded otherwise. */
async function startFakeBanks(mayRegister: boolean): Promise<boolean> {
  // Where the browser stops the worker at once, or loads the page around it, the page would reload forever.
  if (!('serviceWorker' in navigator) || readKept<boolean>(tab, attemptKey, false)) {
    explain()
    keep(tab, attemptKey, false)
    return true
  }
  const present = await navigator.serviceWorker.getRegistration().catch(() => undefined)
  if (!present && !mayRegister) {
    loadAgain(`?${parameter}`)
    return true
  }
  try {
    await navigator.serviceWorker.register(workerUrl() as string)
    await navigator.serviceWorker.ready
  } catch {
    explain()
    return true
  }
  keep(browser, chosenKey, true)
  keep(tab, attemptKey, true)
  loadAgain(withoutParameter())
  return true
}

/** Loads the page at an address, even where it is the one that is shown. */
function loadAgain(address: string): void {
  history.replaceState(history.state, '', address)
  location.reload()
}

async function leaveFakeBanks(): Promise<boolean> {
  keep(browser, chosenKey, false)
  const present = await navigator.serviceWorker.getRegistration()
  await present?.unregister()
  loadAgain(withoutParameter())
  return true
}

interface TrustedTypes {
  readonly createPolicy: (
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ) => { readonly createScriptURL: (url: string) => unknown }
}

/** The worker's address beside the page: this module is a folder below. */
function workerUrl(): unknown {
  const module = import.meta.url
  const url = new URL('../fake-worker.js', module).href
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  if (!trustedTypes) return url
  return trustedTypes.createPolicy(workerPolicy, { createScriptURL: () => url }).createScriptURL('')
}

function explain(): void {
  const text = document.createElement('p')
  text.className = 'panel notice'
  text.setAttribute('role', 'alert')
  text.textContent =
    'The fake banks run in a service worker, and this browser does not start one here. Open this address in an ordinary window, by https or on localhost, and load the page again.'
  document.getElementById('root')?.replaceChildren(text)
}
