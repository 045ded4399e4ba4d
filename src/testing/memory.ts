/**
 * What the servers of a world remember, in maps with names. All that is in them can be cloned, so that it can be saved, and
 * given to another world that goes on from there.
 */
export interface Memory {
  /** The map of a name: the same one each time. */
  readonly map: <Value>(name: string) => Map<string, Value>
  /** Every map. Clone them as one: then what two of them share, the clones share as well. */
  readonly all: ReadonlyMap<string, Map<string, unknown>>
}

/** Creates a {@link Memory}. @param saved What one before had in `all`, cloned. @defaultValue nothing */
export function createMemory(saved: Memory['all'] = new Map()): Memory {
  const all = new Map(saved)
  return {
    map<Value>(name: string) {
      const map = (all.get(name) as Map<string, Value> | undefined) ?? new Map<string, Value>()
      all.set(name, map)
      return map
    },
    all,
  }
}
