/** Sends a request to a bank's API. */
export type BankFetch = (path: string, init?: RequestInit) => Promise<Response>

/** Reads JSON. @throws {Error} when the bank answers with another status than a good one */
export async function readJson<T>(fetch: BankFetch, path: string): Promise<T> {
  const response = await fetch(path)
  if (!response.ok) throw new Error(`The bank answered with status ${String(response.status)}.`)
  return (await response.json()) as T
}

/** Reads JSON that can be done without; undefined where the bank does not give it. */
export const readOptional = <T>(fetch: BankFetch, path: string): Promise<T | undefined> =>
  readJson<T>(fetch, path).catch(() => undefined)
