// Taken when this module is loaded, which is before a test fakes the timers.
const { setTimeout: realSetTimeout } = globalThis

/** Fake timers mark what they put in the place of the real ones. */
const isFake = 'clock' in realSetTimeout

/**
 * Resolves a moment later, when promises, storage and React have had a turn. Fake timers do not hold it up: where even this
 * module was loaded after they were installed, Web Crypto is asked instead, which answers in its own time.
 */
export async function turn(): Promise<void> {
  if (isFake) await crypto.subtle.digest('SHA-256', new Uint8Array(1))
  else await new Promise((resolve) => realSetTimeout(resolve, 1))
}

/**
 * Waits for a condition.
 *
 * @param isIdle Whether nothing is under way that could still bring it about.
 * @param patience Number of turns to wait while everything is idle.
 * @returns whether it came about.
 */
export async function waitFor(
  condition: () => boolean,
  isIdle: () => boolean,
  patience: number,
): Promise<boolean> {
  for (let idle = 0; idle < patience; idle = isIdle() ? idle + 1 : 0) {
    if (condition()) return true
    await turn()
  }
  return condition()
}
