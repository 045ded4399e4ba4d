import type { Violation } from './invariants.js'
import type { World } from './world.js'

/** What is not right yet and is known not to be: such a run is counted and does not fail. */
const known: readonly {
  readonly name: string
  readonly is: (world: World, violation: Violation) => boolean
}[] = [
  {
    name: 'the backend sends the code again where the keys for the ID Token could not be had',
    is: ({ network, replicas }, { invariant }) =>
      replicas !== undefined &&
      /^[26] /.test(invariant) &&
      network.exchanges.some(
        ({ url, status, settled }) => url.pathname === '/jwks' && settled !== undefined && status !== 200,
      ),
  },
]

/** The name of the known fault that a violation comes of. */
export const knownFault = (world: World, violation: Violation): string | undefined =>
  known.find(({ is }) => is(world, violation))?.name
