// What must hold once faults have stopped, and what a run that is over must have come to.
import type { Violation } from './invariants.js'
import { livePages, type World } from './world.js'

interface Ended {
  readonly phase: string
  readonly subject: string
  readonly error?: { readonly code: string }
}

/** @returns what is not as it must be at the end of a run. */
export function checkEnd(world: World): Violation | undefined {
  const stuck = findStuck(world)
  if (stuck !== undefined) return { invariant: 'liveness', detail: stuck }
  const lost = findLost(world)
  return lost === undefined ? undefined : { invariant: '6 nothing approved is lost', detail: lost }
}

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
  for (const { state, answers, subject } of world.visits) {
    const record = world.browser.records.get(`transaction:${state}`) as Ended | undefined
    if (!record || answers.length === 0 || record.phase === 'done' || record.phase === 'failed') continue
    const id = state.slice(0, 16)
    const canGoOn = livePages(world).some(({ asksAbout, client, subject: current }) => {
      const callback = client.callback.get()
      return asksAbout === id && ('resume' in callback || current() !== subject)
    })
    // Nobody else may complete what belongs to a user who is not signed in.
    const isTheirs = world.browser.session === subject && !world.hasSessionChanged
    if (!canGoOn && isTheirs && record.phase !== 'left')
      return `a transaction stays "${record.phase}", and no page goes on with it`
  }
  return undefined
}

/** Success answers that a client received and has not lost with itself must be stored or revoked. */
function findLost(world: World): string | undefined {
  const {
    browser,
    server,
    replicas,
    variant = browser.variant,
  } = { ...world, variant: world.browser.variant }
  if (world.isStorageBroken || world.isBackendBroken) return undefined
  for (const { state, successes, isRevoked } of server.grants) {
    if (isRevoked) continue
    for (const { exchange } of successes.filter(({ fromCode }) => fromCode)) {
      const isReceived = exchange.settled === 'answer' && exchange.status === 200
      if (!isReceived || !exchange.client.alive || exchange.client.frozen) continue
      const record = browser.records.get(`transaction:${state}`) as Ended | undefined
      // An answer that is not acceptable is refused, and said to be: its tokens are not revoked today.
      if (
        record?.error &&
        ['id_token_invalid', 'provider_error'].includes(record.error.code) &&
        world.areClocksWrong
      )
        continue
      const isStored =
        replicas && variant.tokens === 'backend'
          ? [...replicas.stored().keys()].some((key) => key.startsWith('connection:'))
          : record?.phase === 'done'
      if (!isStored && record && world.disconnected.length === 0)
        return `${exchange.client.name} has got tokens, and they are neither stored nor revoked (${record.phase})`
    }
  }
  return undefined
}
