/** Looks until there is something. @throws when there is nothing after a minute, in which only a test waits that fails. */
export async function appears<T>(look: () => Promise<T | undefined>): Promise<T> {
  const limit = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > limit) throw new Error('It did not appear in 60 s.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
