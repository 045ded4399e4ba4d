// What this browser keeps of the person's choices. Nothing of it is about a connection's tokens or an account.

/** Reads a value back; the other one where there is none, or the browser keeps nothing. */
export function readKept<T>(storage: () => Storage, key: string, otherwise: T): T {
  try {
    const text = storage().getItem(key)
    return text === null ? otherwise : (JSON.parse(text) as T)
  } catch {
    return otherwise
  }
}

/** Keeps a value, where the browser keeps any. */
export function keep(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value))
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** Of this tab, redirects included. */
export const tab = (): Storage => sessionStorage

/** Of this browser. */
export const browser = (): Storage => localStorage
