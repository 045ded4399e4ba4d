import { origin } from './browser.js'
import { runAs, type Actor } from './scheduler.js'
import type { World } from './world.js'

/** A webhook of the bank, on its way to the app until the app has confirmed it. */
export interface Told {
  readonly number: string
  readonly subject: string
  /** Key of the only connection that was there, and could be found by its person, when it was sent first. */
  readonly about: string | undefined
  isConfirmed: boolean
}

/** How often the bank sends a webhook that nobody has confirmed, and the seconds between. */
const sends = 4
const pauseSeconds = 7

/** The bank tells the app of something about a user's person, again until it is confirmed, and once more. */
export function sendWebhook(
  { scheduler, network, server, replicas, webhooks }: World,
  subject: string,
): void {
  const { number, text } = server.tell(subject)
  const keys = [...(replicas?.stored().keys() ?? [])]
  const [first, ...others] = keys.filter((key) => key.startsWith('connection:'))
  const isFiled = others.length === 0 && keys.some((key) => key.startsWith('webhook:'))
  const about = isFiled ? first : undefined
  const told: Told = { number, subject, about, isConfirmed: false }
  webhooks.push(told)
  const bank: Actor = { name: 'the bank', kind: 'page', alive: true, frozen: false, clock: { offset: 0 } }
  const post = network.fetchOf(bank, () => ({ 'content-type': 'application/secevent+jwt' }))
  const send = async (left: number): Promise<void> => {
    const response = await post(`${origin}/webhooks/bank`, { method: 'POST', body: text }).catch(
      () => undefined,
    )
    const wasConfirmed = told.isConfirmed
    told.isConfirmed ||= response?.ok ?? false
    // Banks promise to tell at least once: one that has lost its note of the confirmation tells again.
    if (wasConfirmed || left === 1) return
    const run = (): void => void send(told.isConfirmed ? 1 : left - 1)
    scheduler.after(pauseSeconds, { label: 'the bank tells it again', actor: bank, run })
  }
  runAs(bank, () => void send(sends))
}

/** @returns what is wrong with what the app has heard of the bank. */
export function checkWebhooks(): (world: World) => string | undefined {
  let seen = 0
  const heard = new Set<string>()
  return ({ replicas, webhooks, disconnects, isBackendBroken, areClocksWrong, hasSlept }) => {
    for (const { number, subject, id } of replicas?.heard.slice(seen) ?? []) {
      const told = webhooks.find((one) => one.number === number)
      if (told?.subject !== subject)
        return `the app hears of ${subject} what the bank has told of ${told?.subject ?? 'nobody'}`
      const key = `${number} ${id}`
      // A lease runs out while nothing runs, and a replica that is ended may have told the app.
      if (heard.has(key) && !isBackendBroken && !areClocksWrong && !hasSlept)
        return 'the app hears a webhook twice'
      heard.add(key)
    }
    seen = replicas?.heard.length ?? 0
    if (isBackendBroken || disconnects > 0) return undefined
    const lost = webhooks.find(
      ({ number, subject, about, isConfirmed }) =>
        isConfirmed &&
        about !== undefined &&
        replicas?.stored().has(about) &&
        ![...heard].some((key) => key.startsWith(`${number} `)) &&
        webhooks.every((other) => other.subject === subject),
    )
    return lost && 'a webhook was confirmed, and the app has not heard it'
  }
}
