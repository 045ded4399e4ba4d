// Some runs begin with more records than a page reads at once: so many connections that a change of one is read alone, or so many
// transactions of before that they are swept after the list shows.
import type { Browser } from './browser.js'
import { subjectName } from './realm.js'
import { streams, type Scheduler } from './scheduler.js'

/** Of so many runs one has many connections, and one many transactions. */
const every = 16

/** More than a page reads whole when one changes, and than it reads before it shows anything. */
const connections = 51
const transactions = 70

const prefix = 'connection:crowd-'

/** Whether a connection was there from the beginning on: it is of a provider that the app no longer has, and nobody uses it. */
export const isOfCrowd = (key: string): boolean => key.startsWith(prefix)

/** Stores what a run begins with. */
export function addCrowd(scheduler: Scheduler, { records }: Browser): void {
  const subject = subjectName('ada')
  const isDrawn = (number: number): boolean => scheduler.draw(streams.setup, number) < 1 / every
  if (isDrawn(5))
    for (let number = 1; number <= connections; number++)
      records.set(`${prefix}${number}`, connection(subject, number))
  if (isDrawn(6))
    for (let number = 1; number <= transactions; number++) {
      const state = String(number).padStart(43, '_')
      records.set(`transaction:${state}`, transaction(subject, state, scheduler.time))
    }
}

const connection = (subject: string, number: number): object => ({
  ...{ v: 1, subject, mode: 'browser', persistent: true },
  connection: {
    ...{ id: `crowd-${number}`, provider: 'former', status: 'connected', connectedAt: number },
    ...{ grantedScope: [], missingScope: [], details: {} },
  },
})

/** One from which nobody came back, a day ago. */
const transaction = (subject: string, state: string, now: number): object => ({
  ...{ v: 1, phase: 'left', state, subject, provider: 'bank', clientId: 'client' },
  ...{ codeVerifier: state.replaceAll('_', 'v'), codeChallenge: state, nonce: state.replaceAll('_', 'n') },
  ...{ scope: 'openid', input: {}, returnTo: '/' },
  ...{ redirectUri: 'https://app.example/callback/bank', createdAt: now - 86_400, expiresAt: now - 85_500 },
})
