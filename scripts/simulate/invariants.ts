// What must hold after every step, by the numbers of docs/reliability.md.
import type { CallbackState } from '../../src/core/index.js'
import { transactionIn, type Page, type Told } from './browser.js'
import type { Exchange } from './network.js'
import { subjectName } from './realm.js'
import { checkWebhooks } from './webhooks.js'
import { livePages, type World } from './world.js'

export interface Violation {
  readonly invariant: string
  readonly detail: string
}

/** A record of IndexedDB, as far as the invariants read it. */
interface StoredTransaction {
  readonly phase: string
  readonly subject: string
  readonly connectionId?: string
  readonly input?: { readonly connection?: string }
  readonly outcome?: string
  readonly error?: { readonly code: string }
  readonly codeVerifier?: string
  readonly nonce?: string
  readonly code?: string
}

type Check = (world: World) => string | undefined

/** Makes the checks of one run: each looks at what is new since it looked last. */
export function createInvariants(world: World): () => Violation | undefined {
  const checks: readonly (readonly [invariant: string, check: Check])[] = [
    ['1 everybody is told the same', checkTold()],
    ['1 everybody is told the same', checkAbandoned()],
    ['2 a code is sent twice at most', checkSends('code')],
    ['3 a refresh token is sent once at a time', checkSends('refresh_token')],
    ['3 one refresh serves all replicas', checkRefreshes],
    ["4 nothing of one user is another's", checkSubjects()],
    ['5 disconnected is disconnected', checkDisconnected()],
    ['7 requests are bounded', checkRequests],
    ['8 no secret outlives its transaction', checkSecrets()],
    ['9 nothing unlisted is used', ({ faults }) => faults[0]],
    ['10 webhooks reach the app once', checkWebhooks()],
    ['liveness', checkLeases],
  ]
  return () => {
    for (const [invariant, check] of checks) {
      const detail = check(world)
      if (detail !== undefined) return { invariant, detail }
    }
    return undefined
  }
}

/** The state of a transaction's key, under which version 0.1 kept it bare. */
const stateIn = (key: string): string | undefined => /^(?:transaction:)?([\w-]{43})$/.exec(key)?.[1]

const transactionOf = ({ browser }: World, id: string | undefined): StoredTransaction | undefined => {
  if (id === undefined) return undefined
  for (const [key, value] of browser.records)
    if (stateIn(key)?.startsWith(id)) return value as StoredTransaction
  return undefined
}

const isOver = (state: CallbackState): boolean => !('resume' in state) && state.status !== 'pending'

/** How a state reads, for comparison: status, and what it is about. */
const describe = (state: CallbackState): string =>
  'connection' in state
    ? `${state.status} ${state.connection.id.slice(0, 8)}`
    : 'error' in state
      ? `${state.status} ${state.error.code}`
      : state.status

/** Codes of a response that was refused while its transaction goes on, or that found none. */
const refusals = ['issuer_mismatch', 'subject_mismatch', 'response_malformed', 'subject_unknown']

function checkTold(): Check {
  const seen = new Map<Page, number>()
  // Pages that have only an id, and in whose life nobody had answered yet: it proves nothing, and the transaction waits.
  const unanswered = new Set<Page>()
  return (world) => {
    for (const page of world.browser.pages) {
      if (page.hasIdOnly && isUnanswered(transactionOf(world, page.asksAbout))) unanswered.add(page)
      const fresh = page.told.slice(seen.get(page) ?? 0)
      seen.set(page, page.told.length)
      for (const told of fresh) {
        const { state } = told
        const isUnknown = 'error' in state && state.error.code === 'redemption_unknown'
        // The page before it died before it stored the code. The response may be used in another tab all the same.
        if (isUnknown && unanswered.has(page)) continue
        const fault = checkOneTold(world, told)
        if (fault !== undefined) return fault
      }
    }
    return undefined
  }
}

const isUnanswered = (record: StoredTransaction | undefined): boolean =>
  record?.phase === 'left' || record?.phase === 'prepared'

/** Of what has connected, nobody is told that it did not come about. */
function checkAbandoned(): Check {
  let changes = -1
  return ({ browser }) => {
    if (browser.changes === changes) return undefined
    changes = browser.changes
    for (const [key, value] of browser.records) {
      const { phase, outcome } = value as StoredTransaction
      if (key.startsWith('transaction:') && phase === 'done' && outcome !== undefined)
        return `a transaction has connected, and is told as "${outcome}"`
    }
    return undefined
  }
}

function checkOneTold(world: World, { page, id, state }: Told): string | undefined {
  if (id === undefined || !isOver(state) || world.isStorageBroken) return undefined
  const record = transactionOf(world, id)
  // Another user, or the same one again, is shown nothing until it is completed again.
  const subject = page.subject() ?? ''
  // An older version wrote ids of users.
  if (
    !record ||
    (record.subject !== subjectName(subject) && record.subject !== subject) ||
    (world.hasSessionChanged && state.status === 'none')
  )
    return undefined
  const says = `${page.actor.name} is told "${describe(state)}"`
  if ('error' in state && state.error.code === 'state_unknown')
    return `${says}, but it is stored (${record.phase})`
  if ('error' in state && refusals.includes(state.error.code)) return undefined
  if (record.phase === 'done') {
    const renewed = record.input?.connection
    // One that was disconnected meanwhile is made anew.
    const isThere = world.browser.records.has(`connection:${renewed ?? ''}`)
    if (renewed !== undefined && isThere && renewed !== record.connectionId)
      return `${says}, but it was to renew ${renewed.slice(0, 8)}`
    const stored = world.browser.records.has(`connection:${record.connectionId ?? ''}`)
    const isSame = state.status === 'connected' && state.connection.id === record.connectionId
    // A page that took another one for gone says so; what that one still brings is kept all the same.
    const isOvertaken = state.status === 'failed' && isLeaseUnsure(world)
    return isSame || isOvertaken || (state.status === 'none' && !stored)
      ? undefined
      : `${says}, but its connection ${record.connectionId?.slice(0, 8) ?? ''} is stored`
  }
  if (record.phase !== 'failed') return `${says}, but its transaction goes on (${record.phase})`
  const { outcome = '', error } = record
  const expected = outcome === 'cancelled' || outcome === 'denied' ? outcome : `failed ${error?.code ?? ''}`
  return describe(state).startsWith(expected) ? undefined : `${says}, but what is stored is "${expected}"`
}

function checkSends(parameter: 'code' | 'refresh_token'): Check {
  let seen = 0
  const sent = new Map<string, Exchange[]>()
  return (world) => {
    const fresh = world.network.exchanges.slice(seen)
    seen = world.network.exchanges.length
    for (const exchange of fresh) {
      if (exchange.url.pathname !== '/token') continue
      const value = exchange.form.get(parameter)
      if (value === null) continue
      const before = sent.get(value) ?? []
      sent.set(value, [...before, exchange])
      const fault = checkSend(world, parameter, exchange, before)
      if (fault !== undefined) return fault
    }
    return undefined
  }
}

/** A lease, unlike a Web Lock, cannot tell a page that sleeps from one that is gone. */
const isLeaseUnsure = ({ browser, areClocksWrong, hasSlept }: World): boolean =>
  browser.variant.locks === 'lease' && (areClocksWrong || hasSlept)

const isAwaited = ({ client, settled }: Exchange): boolean =>
  settled === undefined && client.alive && !client.frozen

/** Seconds after which a refresh token may be sent again that a server may have spent. */
const pauseSeconds = 30

/** True for a request that may have done its work, as its sender knows. */
const isUnknown = ({ client, settled, status }: Exchange): boolean =>
  client.alive && !client.frozen && (status === undefined ? settled === 'failure' : status === 502)

function checkSend(
  world: World,
  parameter: string,
  exchange: Exchange,
  before: readonly Exchange[],
): string | undefined {
  const { client } = exchange
  const what = parameter === 'code' ? 'a code' : 'a refresh token'
  if (parameter === 'code' && before.length >= 2)
    return `${client.name} sends ${what} for the ${before.length + 1}rd time`
  if (isLeaseUnsure(world)) return undefined
  const awaiting = before.find(isAwaited)
  if (awaiting) return `${client.name} sends ${what} while ${awaiting.client.name} waits for the answer to it`
  const unknown = parameter === 'refresh_token' && !world.areClocksWrong && before.find(isUnknown)
  if (unknown && exchange.at - unknown.at < pauseSeconds && !world.isStorageBroken && !world.isBackendBroken)
    return `${client.name} sends ${what} again ${Math.round(exchange.at - unknown.at)} s after a send whose fate nobody knows`
  const isKept = (other: Exchange): boolean =>
    other.status === 200 && other.client.alive && !other.client.frozen
  const answered = before.find(isKept)
  return answered && !world.isStorageBroken && !world.isBackendBroken
    ? `${client.name} sends ${what} after ${answered.client.name} has got the answer to it`
    : undefined
}

function checkSubjects(): Check {
  const owners = new Map<string, string>()
  let changes = -1
  let handed = 0
  return (world) => {
    const { browser, visits, server } = world
    if (browser.changes !== changes) {
      changes = browser.changes
      for (const { state, subject } of visits) {
        const { connectionId } = transactionOf(world, state) ?? {}
        if (connectionId !== undefined) owners.set(connectionId, subject)
      }
    }
    for (const page of livePages(world)) {
      const subject = page.subject()
      const all = page.client.connections.get()
      const listed = all.status === 'ready' ? all.connections : []
      const callback = page.client.callback.get()
      const shown = callback.status === 'connected' ? [...listed, callback.connection] : listed
      for (const { id } of shown)
        if ((owners.get(id) ?? subject) !== subject)
          return `${page.actor.name}, of ${String(subject)}, shows a connection of ${owners.get(id) ?? ''}`
    }
    for (const { token, subject, page } of world.handed.slice(handed)) {
      const grant = server.grants.find(({ accessTokens }) => accessTokens.includes(token))
      if (grant?.subject !== subject)
        return `${page.actor.name}, of ${String(subject)}, is given a token of ${grant?.subject ?? 'nobody'}`
    }
    handed = world.handed.length
    return undefined
  }
}

function checkDisconnected(): Check {
  let seen = 0
  return (world) => {
    const { browser, disconnected, replicas } = world
    const fresh = disconnected.slice(seen)
    seen = disconnected.length
    for (const { id, page, isUnknown } of fresh) {
      for (const key of [`tokens:${id}`, `connection:${id}`])
        if (browser.records.has(key) && !world.isStorageBroken)
          return `${page.actor.name} has disconnected, and ${key.split(':')[0] ?? ''} is still stored`
      if (
        replicas &&
        !isUnknown &&
        !world.isBackendBroken &&
        !world.isNetworkBroken &&
        !world.hasSessionChanged &&
        replicas.stored().has(`connection:${id}`)
      )
        return `${page.actor.name} has disconnected, and the backend still has the connection`
    }
    return undefined
  }
}

/** Requests for each page that was opened and each thing that was done. */
const requestsPerAct = 30

const checkRequests: Check = ({ network, acts, browser }) => {
  const { length } = network.exchanges
  const limit = requestsPerAct * (acts + browser.pages.length)
  return length > limit ? `${length} requests after ${acts} acts on ${browser.pages.length} pages` : undefined
}

/** Seconds within which no token is refreshed twice: it is good for five minutes. */
const restSeconds = 60

/** One refresh serves all replicas: pages, jobs that use connections, and jobs that renew what is due. */
const checkRefreshes: Check = ({ server, isBackendBroken, isNetworkBroken, areClocksWrong }) => {
  if (isBackendBroken || isNetworkBroken || areClocksWrong) return undefined
  for (const { successes } of server.grants) {
    const [last, before] = successes
      .filter(({ fromCode, exchange }) => !fromCode && exchange.client.kind === 'replica')
      .map(({ exchange }) => exchange)
      .reverse()
    if (last && before && last.at - before.at < restSeconds)
      return `${last.client.name} refreshes what ${before.client.name} has just refreshed`
  }
  return undefined
}

/** Others would wait for it in vain, for as long as the page is open. */
const checkLeases: Check = ({ browser }) => {
  const [name] = browser.lateRenewals
  return name === undefined
    ? undefined
    : `a page renews a lease (${name.split(':')[0] ?? ''}) whose work has ended`
}

function checkSecrets(): Check {
  const secrets = new Map<string, readonly string[]>()
  let changes = -1
  return (world) => {
    const { browser, server, replicas } = world
    if (browser.changes === changes) return undefined
    changes = browser.changes
    const text = JSON.stringify([...browser.records])
    for (const [key, value] of browser.records) {
      const { codeVerifier, nonce, code } = value as StoredTransaction
      if (codeVerifier !== undefined)
        secrets.set(
          stateIn(key) ?? key,
          [codeVerifier, nonce, code].filter((one) => one !== undefined).filter((one) => one !== ''),
        )
    }
    for (const [key, values] of secrets) {
      const { phase } = (transactionIn(browser, key) ?? { phase: 'failed' }) as StoredTransaction
      const isEnded = phase === 'done' || phase === 'failed'
      if (isEnded && values.some((value) => text.includes(value)))
        return 'a verifier, nonce or code is stored after the end of its transaction'
    }
    const keepsTokens = browser.variant.tokens === 'stored' || browser.variant.tokens === 'dpop'
    for (const { accessTokens, refreshTokens, code } of server.grants) {
      const tokens = [...accessTokens, ...refreshTokens]
      if (!keepsTokens && tokens.some((token) => text.includes(token)))
        return 'a token is stored in the browser'
      if (
        replicas &&
        tokens.some((token) => [...replicas.stored().values()].some((value) => value.includes(token)))
      )
        return 'a token lies in the store unsealed'
      const shown = JSON.stringify(
        browser.pages.map((page) => [page.url().href, page.historyState(), page.events]),
      )
      if (shown.includes(code)) return 'a code is in an address, a history entry or an event'
    }
    return undefined
  }
}
