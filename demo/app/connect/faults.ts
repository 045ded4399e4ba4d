import type { ProviderName } from '../bank.js'
import { at } from '../base.js'
import { readConfiguration } from '../configuration.js'
import { keep, readKept, tab } from '../kept.js'
import { createStore, useStore } from '../store.js'

const { fake } = readConfiguration()

/** What a bank can be told to do in the next flow, with the words of its control endpoint. */
export interface Fault {
  readonly label: string
  readonly behaviour: Readonly<Record<string, unknown>>
}

/** A fault that a person has chosen: it waits for the next flow, is with the bank, or has happened. */
export interface ArmedFault extends Fault {
  readonly bank: string
  readonly provider: ProviderName
  readonly phase: 'armed' | 'sent' | 'fired'
}

const common: readonly Fault[] = [
  { label: 'Refuse, whatever is pressed', behaviour: { outcome: 'deny' } },
  { label: 'Say it is temporarily unavailable', behaviour: { error: 'temporarily_unavailable' } },
  { label: 'Lose the answer of the token endpoint', behaviour: { token: 'broken-reply' } },
  { label: 'Issue a token that expires at once', behaviour: { accessTokenSeconds: 1 } },
]

const special: Readonly<Partial<Record<ProviderName, readonly Fault[]>>> = {
  apiture: [
    { label: 'Refuse the request with a page of its own', behaviour: { refuseRequest: true } },
    { label: 'Hide the answer of the token endpoint from pages', behaviour: { withoutCors: true } },
  ],
  basis: [
    { label: 'Get an expired initialization token', behaviour: { secondsLater: 3600 } },
    { label: 'Not know the redirect URI', behaviour: { unregistered: true } },
  ],
  fdx: [
    { label: 'Refuse with the word “rejected”', behaviour: { outcome: 'deny', rejected: true } },
    { label: 'Refuse the pushed request', behaviour: { par: { error: 'invalid_authorization_details' } } },
  ],
  moneyhub: [
    { label: 'Refuse the pushed request', behaviour: { par: { error: 'invalid_scope' } } },
    {
      label: 'Name another user in the ID Token',
      behaviour: { idToken: { claims: { sub: 'somebody-else' } } },
    },
    { label: 'Lose the session you began in', behaviour: { sessionLost: true } },
  ],
  openid: [{ label: 'Demand its nonce in every proof', behaviour: { dpopNonce: true } }],
  stitch: [
    { label: 'Want to see the person again', behaviour: { interaction: 'USER_INTERACTION_REQUIRED' } },
  ],
}

/** What the banks of `?fake` can be told. */
const fakeWords: readonly string[] = ['outcome', 'error', 'token', 'accessTokenSeconds', 'par']

const isPossible = ({ behaviour }: Fault): boolean =>
  fake === false || Object.keys(behaviour).every((word) => fakeWords.includes(word))

/** The faults that a provider's bank can have. */
export const faultsOf = (provider: ProviderName): readonly Fault[] =>
  [...common, ...(special[provider === 'moneyhubOnce' ? 'moneyhub' : provider] ?? [])].filter(isPossible)

const key = 'lasagna:fault'
const present = createStore<ArmedFault | undefined>(readKept<ArmedFault | undefined>(tab, key, undefined))

function set(fault: ArmedFault | undefined): void {
  present.set(fault)
  keep(tab, key, fault ?? null)
}

/** The fault of a bank, where the person has chosen one. There is one at a time. */
export function useFault(bank: string): ArmedFault | undefined {
  const fault = useStore(present)
  return fault?.bank === bank ? fault : undefined
}

/** Chooses a fault for the next flow. Until then the bank does not know of it, so that no other request uses it up. */
export function arm(fault: Fault, at: { readonly bank: string; readonly provider: ProviderName }): void {
  set({ ...fault, ...at, phase: 'armed' })
}

const control = (provider: ProviderName): string => at(`/banks/${provider}/next`)

/** Tells the bank, just before the person goes there. */
export async function sendFault(bank: string): Promise<void> {
  const fault = present.get()
  if (fault?.bank !== bank || fault.phase !== 'armed') return
  const answer = await fetch(control(fault.provider), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault.behaviour),
  })
  if (answer.ok) set({ ...fault, phase: 'sent' })
}

/** Asks the bank whether it has done what it was told. */
export async function checkFault(): Promise<void> {
  const fault = present.get()
  if (fault?.phase !== 'sent') return
  const answer = await fetch(control(fault.provider)).catch(() => undefined)
  if (!answer?.ok) return
  const { next } = (await answer.json()) as { next: readonly string[] }
  const waits = Object.keys(fault.behaviour).some((name) => next.includes(name))
  if (!waits && present.get() === fault) set({ ...fault, phase: 'fired' })
}

/** Takes a fault back, from the bank, too. */
export async function disarm(): Promise<void> {
  const fault = present.get()
  set(undefined)
  if (fault?.phase === 'sent') await fetch(control(fault.provider), { method: 'DELETE' })
}
