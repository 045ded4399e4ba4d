import type { CallbackState } from 'countersign'
import { bank, type ProviderName } from '../bank.js'
import { at } from '../base.js'
import { readConfiguration } from '../configuration.js'
import {
  finish,
  readSeen,
  setRun,
  setVerdict,
  tell,
  type Run,
  type ScenarioId,
  type Seen,
  type Verdict,
} from './run.js'
import { askInEveryTab } from './tabs.js'

/** Something that goes wrong, what should become of it, and what did. */
export interface Scenario {
  readonly id: ScenarioId
  readonly title: string
  /** What happens. */
  readonly story: string
  /** What should become of it. */
  readonly expected: string
  readonly provider: ProviderName
  readonly bankName: string
  /** Whether a connection at the bank has to be there. */
  readonly needs: boolean
  /** Begins it; it may leave the page. */
  readonly begin: (connection: string) => Promise<void>
  /** What a person sees on the way, while it is not over yet. Undefined when there is nothing to wait for. */
  readonly settle?: (facts: Facts) => Verdict | undefined
}

/** What is known after the person has come back. */
export interface Facts {
  readonly run: Run
  readonly callback: CallbackState
  readonly seen: Seen
  /** The connections at the bank, by id. */
  readonly connections: readonly string[]
}

const times = (number: number, what: string): string => `${String(number)} ${what}${number === 1 ? '' : 's'}`

/** What this page was opened with when a scenario began: it is the answer to something else. */
let former: CallbackState | undefined

const start = (id: ScenarioId, connection?: string): Run => {
  const run = { id, since: Date.now(), ...(connection !== undefined && { connection }) }
  former = bank.callback.get()
  setVerdict(id, undefined)
  setRun(run)
  return run
}

/** Whether an answer may be the one to the scenario that is on its way. */
export const isNew = (callback: CallbackState): boolean => callback !== former

/** Connected after all, with one code. */
function connectedOnce({ callback, seen }: Facts): Verdict | undefined {
  if (callback.status !== 'connected') return undefined
  const lost = seen.redemptions - 1
  return {
    holds: lost === 0,
    observed: [
      `The bank saw ${times(seen.redemptions, 'redemption')}; ${String(lost)} codes lost.`,
      'The account is connected.',
    ],
  }
}

/** The scenarios, in the order in which they are told. */
export const scenarios: readonly Scenario[] = [
  {
    id: 'lost-reply',
    title: 'Lose the token response',
    story: 'The app’s server redeems the code at Fynbos Bank. Its answer breaks off before this page has it.',
    expected: 'Nothing is lost. Trying again connects the account, and the code is redeemed once.',
    provider: 'stitch',
    bankName: 'Fynbos Bank',
    needs: false,
    begin: async () => {
      start('lost-reply')
      await tell('/mishaps', { mishap: 'lose-reply' })
      await tell('/banks/stitch/next', { automatic: true })
      await bank.authorization('stitch', { returnTo: '/lab' }).authorizeAsync()
    },
    settle: connectedOnce,
  },
  {
    id: 'ten-tabs',
    title: 'Ten tabs, one refresh',
    story:
      'The access token at Juniper Savings ends. Every tab that shows this page asks for the accounts, ten callers in each, at the same moment.',
    expected: 'One tab refreshes for all of them, and every caller gets an answer.',
    provider: 'openid',
    bankName: 'Juniper Savings',
    needs: true,
    begin: async (connection) => {
      const run = start('ten-tabs', connection)
      await tell('/banks/openid/expire', {})
      const { tabs, good, bad } = await askInEveryTab(connection)
      const { refreshes } = await readSeen('openid', run.since)
      finish(run, {
        holds: refreshes === 1 && bad === 0,
        observed: [
          `${times(good + bad, 'caller')} in ${times(tabs, 'tab')}: ${String(good)} answered, ${String(bad)} not.`,
          `The bank saw ${times(refreshes, 'refresh')}.`.replace('refreshs', 'refreshes'),
        ],
      })
    },
  },
  {
    id: 'forged-state',
    title: 'Forged state',
    story:
      'A link of an attacker opens this app’s callback, with a code of theirs and a state that they made up.',
    expected: 'The code goes nowhere: no request, and nothing of it stays in the address bar.',
    provider: 'openid',
    bankName: 'Juniper Savings',
    needs: false,
    begin: () => {
      start('forged-state')
      location.assign(at('/callback/openid?code=stolen-code&state=made-up-state'))
      return Promise.resolve()
    },
    settle: ({ callback, seen }) => {
      if (callback.status !== 'failed') return undefined
      return {
        holds: callback.error.code === 'state_unknown' && seen.redemptions === 0 && location.search === '',
        observed: [
          `Refused: ${callback.error.code}.`,
          `The bank saw ${times(seen.redemptions, 'redemption')}.`,
          `In the address bar: ${location.pathname}${location.search}`,
        ],
      }
    },
  },
  {
    id: 'stolen-token',
    title: 'Stolen DPoP token',
    story:
      'A script steals the access token at Juniper Savings and sends it from somewhere else, without the key that it is bound to.',
    expected: 'The bank refuses it. This page, which has the key, is still served.',
    provider: 'openid',
    bankName: 'Juniper Savings',
    needs: true,
    begin: async (connection) => {
      const run = start('stolen-token', connection)
      const state = await bank.ready('openid', { connection })
      if (state.status !== 'connected' || !('getAccessToken' in state)) return
      const authorization = `DPoP ${await state.getAccessToken()}`
      const api = readConfiguration().openid.api ?? ''
      const thief = await fetch(`${api}accounts`, { headers: { authorization } })
      const own = await state.fetch('accounts')
      finish(run, {
        holds: thief.status === 401 && own.ok,
        observed: [`The thief: ${String(thief.status)}.`, `This page: ${String(own.status)}.`],
      })
    },
  },
  {
    id: 'wrong-person',
    title: 'Wrong person renews',
    story:
      'Your connection at Fynbos Bank is renewed, but somebody else signs in at the bank: Grace instead of Ada.',
    expected: 'The connection stays Ada’s, and works as before. Grace’s accounts are not mixed in.',
    provider: 'stitch',
    bankName: 'Fynbos Bank',
    needs: true,
    begin: async (connection) => {
      start('wrong-person', connection)
      await tell('/banks/stitch/next', { automatic: true, person: 'grace' })
      await bank.authorization('stitch', { connection, returnTo: '/lab' }).authorizeAsync()
    },
    settle: ({ run, callback, connections }) => {
      if (callback.status !== 'failed') return undefined
      const stays = run.connection !== undefined && connections.includes(run.connection)
      return {
        holds: callback.error.code === 'other_person' && stays,
        observed: [
          `Refused: ${callback.error.code}.`,
          `The connection is ${stays ? 'still there, under the same id' : 'gone'}.`,
        ],
      }
    },
  },
  {
    id: 'lost-cookie',
    title: 'Cookie gone on the way back',
    story: 'While you are at Fynbos Bank, your session at this app ends. You come back and are signed out.',
    expected:
      'The code waits until you have signed in again, and then connects the account. It is redeemed once.',
    provider: 'stitch',
    bankName: 'Fynbos Bank',
    needs: false,
    begin: async () => {
      start('lost-cookie')
      await tell('/mishaps', { mishap: 'lose-cookie' })
      await tell('/banks/stitch/next', { automatic: true })
      await bank.authorization('stitch', { returnTo: '/lab' }).authorizeAsync()
    },
    settle: connectedOnce,
  },
]
