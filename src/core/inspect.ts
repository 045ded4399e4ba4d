import type { Context } from './context.js'

/** What an inspector of a client works with. It is in this package alone: no app gets hold of it. */
export interface Inspectable {
  readonly context: Context
  readonly namespace: string
}

const inspectables = new WeakMap<object, Inspectable>()

/** Lets an inspector find what a client is made of. Nothing is watched by that. */
export const makeInspectable = (client: object, inspectable: Inspectable): unknown =>
  inspectables.set(client, inspectable)

/** What a client is made of; `undefined` for one that `createClient` did not make, such as a test's. */
export const inspectableOf = (client: object): Inspectable | undefined => inspectables.get(client)
