/** Milliseconds between two attempts. In all some thirteen seconds, within which a store that fails over is back. */
const pauses = [100, 200, 400, 800, 1600, 3200, 6400]

/**
 * Repeats a change of the store until it succeeds: for tokens that the provider has just issued. They exist nowhere else,
 * and the ones they replace may be spent.
 *
 * @param change May run twice, since a store that fails may have written all the same.
 * @throws the error of the last attempt.
 */
export async function retry<T>(change: () => Promise<T>): Promise<T> {
  for (const milliseconds of pauses) {
    try {
      return await change()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, milliseconds))
    }
  }
  return change()
}
