// What a person does, and sees, in the demo and at its banks.
import { bankNames } from '../../support/bank-names.js'
import type { Control, Tab } from './engine.js'

/** How long something may take that is waited for. Only a test that fails waits so long. */
const limit = 60_000

/** Waits until something is true in the page, which may be loading: until then it throws, or is another page. */
export async function until<Given extends readonly unknown[]>(
  tab: Tab,
  what: string,
  script: (...given: Given) => boolean,
  ...given: Given
): Promise<void> {
  await repeat(`${what} did not come true`, tab, () => tab.run(script, ...given))
}

/** Clicks a control as soon as it is there and stays where it is: a page that is still loading moves it away. */
export async function click(tab: Tab, control: Control): Promise<void> {
  let seen = ''
  await repeat(`there is no "${control.name}"`, tab, async () => {
    const before = seen
    seen = await tab.place(control)
    return seen !== '' && seen === before && (await tab.click(control))
  })
}

/** The page's text, for whoever looks for the cause: of the app, what its cards say of the banks. */
const textOf = (tab: Tab): Promise<string> =>
  tab
    .run(() => {
      const cards = [...document.querySelectorAll<HTMLElement>('article[data-bank]')]
      const text = cards.map((card) => card.innerText).join('\n') || document.body.innerText
      return `${location.pathname}: ${text.slice(0, 2000)}`
    })
    .catch(String)

async function repeat(complaint: string, tab: Tab, attempt: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + limit
  let problem = ''
  while (Date.now() < end) {
    try {
      if (await attempt()) return
    } catch (error) {
      problem = String(error)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${complaint} in ${String(limit / 1000)} s. ${problem}\n${await textOf(tab)}`)
}

const within = (bank: string): string => bankNames[bank] ?? bank

/** Opens the app, as a user whom its server knows. */
export async function openApp(tab: Tab, origin: string, user: 'robin' | 'sam' = 'robin'): Promise<void> {
  await tab.goto(origin)
  await tab.run(async (id) => {
    const headers = { 'content-type': 'application/json' }
    await fetch('/session', { method: 'POST', headers, body: JSON.stringify({ user: id }) })
  }, user)
  await tab.reload()
  // What the backend knows is here.
  await seeStatus(tab, 'Stitch', 'Not connected')
}

/** Waits until the card of a bank says so. */
export const seeStatus = (tab: Tab, bank: string, text: string): Promise<void> =>
  until(
    tab,
    `the status "${text}" of ${within(bank)}`,
    (name, wanted) => {
      const card = [...document.querySelectorAll('article[data-bank]')].find(
        (article) =>
          document.getElementById(article.getAttribute('aria-labelledby') ?? '')?.textContent.trim() === name,
      )
      return card?.querySelector('[data-status]')?.textContent.trim() === wanted
    },
    within(bank),
    text,
  )

/** Waits until a bank asks the person to sign in. */
export const seeBank = (tab: Tab, appOrigin: string): Promise<void> =>
  until(
    tab,
    'the bank',
    (origin) => location.origin !== origin && document.body.innerText.includes('Sign in'),
    appOrigin,
  )

/** Waits until a text can be read somewhere. */
export const seeText = (tab: Tab, text: string): Promise<void> =>
  until(tab, `the text "${text}"`, (wanted) => document.body.innerText.includes(wanted), text)

export const pressConnect = (tab: Tab, bank: string): Promise<void> =>
  click(tab, { name: `Connect ${within(bank)}`, within: within(bank) })

/** Signs in at the bank: its consent page is shown. */
export async function signInAtBank(tab: Tab, bank: string): Promise<void> {
  // Moneyhub asks first, and sends the person on to the bank.
  if (bank === 'Moneyhub') await click(tab, { name: `Continue to ${within(bank)}` })
  await click(tab, { name: 'Sign in' })
}

/** Connects a bank, from the click to `Connected`. */
export async function connect(tab: Tab, bank: string): Promise<void> {
  await pressConnect(tab, bank)
  await signInAtBank(tab, bank)
  await click(tab, { name: 'Approve' })
  await seeStatus(tab, bank, 'Connected')
}
