import type { Tab } from './browser/tab.js'
import type { Approval } from './approval.js'
import type { Visits } from './visits.js'
import type { World } from './world.js'

/** What the connections of a test's beginning are made with. */
export interface Beginning {
  readonly world: World
  readonly tab: Tab
  readonly visits: Visits
  readonly connected: Readonly<Record<string, StartingConnections | undefined>>
  /** Gets the states in which the connections end, which nobody is to see. */
  readonly hidden: Set<unknown>
}

type Start = Approval & { readonly input?: object }
type StartingConnections = Start | readonly Start[]

/** Input for the providers that need some. */
const usualInputs: Readonly<Record<string, object>> = {
  Basis: { platformId: '70a5e5d3-00df-50f2-9f19-544d1f54c4bf' },
  Moneyhub: { bankId: 'test' },
}

/**
 * Makes the connections of a test's beginning by the real flow, in popups that nobody sees: so they are what the app would
 * have, tokens in the page's memory included.
 *
 * @throws {Error} when one of them cannot be made.
 */
export async function startConnections(beginning: Beginning): Promise<void> {
  const { world, tab, connected } = beginning
  const all = Object.entries(connected).flatMap(([name, given]) =>
    [given ?? []].flat().map((start) => [name, start] as const),
  )
  // A second apart, so that they have an order, and the last one now.
  world.clock.advance(-all.length)
  for (const [name, start] of all) {
    await connect(beginning, name, start)
    world.clock.advance(1)
  }
  // The list is read once they are there. A page without a backend has none to ask.
  await tab
    .current()
    .connections.refreshAsync()
    .catch(() => undefined)
  world.network.clear()
}

async function connect(
  { tab, visits, hidden }: Beginning,
  name: string,
  { input, ...approval }: Start,
): Promise<void> {
  const client = tab.current()
  const { label } = client.providers[name] ?? {}
  const authorization = client.authorization(name, {
    ...(usualInputs[label ?? ''] ?? {}),
    ...input,
    display: 'popup',
  })
  const outcome = authorization.authorizeAsync()
  // It is told by `outcome`, too, when nobody arrives.
  await visits.end(name, { kind: 'approve', approval })
  const state = await outcome
  hidden.add(authorization.get())
  hidden.add(state)
  if (state.status === 'connected') return
  throw new Error(
    `fakeBank: \`connected\` cannot begin with a connection at "${name}": it ended as ${state.status}.${
      'error' in state ? ` ${state.error.message}` : ''
    }`,
  )
}
