// What must hold once faults have stopped, and what a run that is over must have come to.
import { transactionIn } from './browser.js'
import { isOfCrowd } from './crowd.js'
import type { Violation } from './invariants.js'
import { subjectName } from './realm.js'
import type { Grant } from './server.js'
import { livePages, type World } from './world.js'

interface Ended {
  readonly phase: string
  readonly subject: string
}

/** @returns what is not as it must be at the end of a run. */
export function checkEnd(world: World): Violation | undefined {
  const stuck = findStuck(world)
  if (stuck !== undefined) return { invariant: 'liveness', detail: stuck }
  const stale = findStale(world)
  if (stale !== undefined) return { invariant: '11 lists are what is stored', detail: stale }
  const lost = findLost(world)
  return lost === undefined ? undefined : { invariant: '6 nothing approved is lost', detail: lost }
}

interface Stored {
  readonly subject: string
  readonly connection: { readonly id: string; readonly connectedAt: number }
}

/** Whatever has changed the records, every page shows it when it has heard everything; of a page that is gone it may hear when it is shown. */
function findStale(world: World): string | undefined {
  if (world.isStorageBroken || world.browser.untold > 0) return undefined
  const records = [...world.browser.records].filter(([key]) => key.startsWith('connection:'))
  for (const { actor, client, subject } of livePages(world)) {
    const owner = subject()
    const state = client.connections.get()
    if (owner === null || state.status !== 'ready') continue
    // An older version wrote ids of users.
    const own = records
      .map(([, value]) => value as Stored)
      .filter((record) => [owner, subjectName(owner)].includes(record.subject))
    const stored = own.map(({ connection }) => nameOf(connection))
    const shown = state.connections.map(nameOf)
    const missing = stored.find((name) => !shown.includes(name))
    if (missing !== undefined) return `${actor.name} does not show ${missing}, which is stored`
    const gone = shown.find((name) => !stored.includes(name))
    if (gone !== undefined) return `${actor.name} shows ${gone}, which is not stored`
  }
  return undefined
}

const nameOf = ({ id, connectedAt }: Stored['connection']): string => `${id.slice(0, 8)} of ${connectedAt}`

function findStuck(world: World): string | undefined {
  for (const { actor, client } of livePages(world)) {
    const statuses = {
      callback: client.callback.get().status,
      connections: client.connections.get().status,
      authorization: client.authorization('bank').get().status,
    }
    const [name] =
      Object.entries(statuses).find(([, status]) => ['pending', 'restoring', 'leaving'].includes(status)) ??
      []
    if (name !== undefined)
      return `${actor.name} stays "${statuses[name as keyof typeof statuses]}" (${name})`
  }
  if (world.isStorageBroken) return undefined
  const unheard = findUnheard(world)
  if (unheard !== undefined) return unheard
  for (const { state, answers, subject } of world.visits) {
    const record = transactionIn(world.browser, state) as Ended | undefined
    if (!record || answers.length === 0 || record.phase === 'done' || record.phase === 'failed') continue
    const id = state.slice(0, 16)
    const canGoOn = livePages(world).some(({ asksAbout, popupTransaction, client, subject: current }) => {
      const shown =
        asksAbout === id
          ? client.callback.get()
          : popupTransaction === id && client.authorization('bank').get()
      return shown && ('resume' in shown || current() !== subject)
    })
    // Nobody else may complete what belongs to a user who is not signed in.
    const isTheirs = world.browser.session === subject && !world.hasSessionChanged
    if (!canGoOn && isTheirs && !['left', 'prepared'].includes(record.phase))
      return `a transaction stays "${record.phase}", and no page goes on with it`
  }
  return undefined
}

/** A page must hear what came of the popup that it has sent to the bank. */
function findUnheard(world: World): string | undefined {
  for (const { actor, client, popupTransaction } of livePages(world)) {
    if (client.authorization('bank').get().status !== 'waiting') continue
    const visit = world.visits.find(({ state }) => state.slice(0, 16) === popupTransaction)
    const { phase } = (transactionIn(world.browser, visit?.state ?? '') ?? {}) as Partial<Ended>
    if (phase === 'done' || phase === 'failed')
      return `${actor.name} waits for a popup whose transaction has ended (${phase})`
  }
  return undefined
}

/** Success answers that a client received and has not lost with itself must be stored or revoked. */
function findLost(world: World): string | undefined {
  const { browser, server, replicas } = world
  if (world.isStorageBroken || world.isBackendBroken || world.areClocksWrong || world.disconnects > 0)
    return undefined
  const kept = server.grants.filter((grant) => !isGivenBack(world, grant) && grant.successes.some(isHeld))
  if (replicas) {
    // What is stored is sealed: it can be counted.
    const stored = [...replicas.stored().keys()].filter((key) => key.startsWith('connection:'))
    // A renewal takes the place of the connection that it renews.
    const made = kept.filter(
      ({ state }) => !world.visits.some((visit) => visit.state === state && visit.isRenewal),
    )
    return stored.length >= made.length
      ? undefined
      : `the backend has got tokens for ${made.length} connections, and has stored ${stored.length} connections`
  }
  for (const { state, successes } of kept) {
    const record = transactionIn(browser, state) as Ended | undefined
    // A page whose user has gone drops an answer. It revokes it only where nobody has a connection there, which might end with it.
    // So does one that another page has taken for gone, which by leases alone nobody can tell.
    const isGivenUp = record?.phase === 'answered' && world.hasSessionChanged
    const isTakenForGone = record?.phase === 'failed' && world.locks === 'lease'
    const isDropped = (isGivenUp || isTakenForGone) && hasConnection(browser)
    if (record && record.phase !== 'done' && !isDropped)
      return `${successes.find(isHeld)?.exchange.client.name ?? ''} has got tokens, and they are neither stored nor revoked (${record.phase})`
  }
  return undefined
}

/** Revoked, or the bank was asked to and could not just then. */
const isGivenBack = ({ network }: World, { isRevoked, accessTokens, refreshTokens }: Grant): boolean => {
  const tokens: unknown[] = [...accessTokens, ...refreshTokens]
  return (
    isRevoked ||
    network.exchanges.some(
      ({ url, form }) => url.pathname === '/revoke' && tokens.includes(form.get('token')),
    )
  )
}

const hasConnection = ({ records }: World['browser']): boolean =>
  [...records.keys()].some((key) => key.startsWith('connection:') && !isOfCrowd(key))

/** The answer to a code, with a client that is there and can go on. */
const isHeld = ({ exchange: { client, settled, status }, fromCode }: Grant['successes'][number]): boolean =>
  fromCode && settled === 'answer' && status === 200 && client.alive && !client.frozen
