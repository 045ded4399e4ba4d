/** Has the lists of former versions moved, each once. */
export interface FormerLists {
  readonly moved: (key: string, move: () => Promise<void>) => Promise<void>
}

const remembered = 10_000

export function createFormerLists(): FormerLists {
  const moved = new Map<string, Promise<void>>()
  return {
    moved(key, move) {
      const known = moved.get(key)
      if (known) return known
      const moving = move()
      for (const oldest of moved.keys()) {
        if (moved.size < remembered) break
        moved.delete(oldest)
      }
      moved.set(key, moving)
      // One that failed is tried again by the next request.
      moving.catch(() => moved.delete(key))
      return moving
    },
  }
}
