import type { Violation } from './invariants.js'
import type { World } from './world.js'

/** What is not right yet and is known not to be: such a run is counted and does not fail. */
const known: readonly {
  readonly name: string
  readonly is: (world: World, violation: Violation) => boolean
}[] = []

/** The name of the known fault that a violation comes of. */
export const knownFault = (world: World, violation: Violation): string | undefined =>
  known.find(({ is }) => is(world, violation))?.name
