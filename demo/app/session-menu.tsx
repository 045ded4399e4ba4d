import { useSyncExternalStore } from 'react'
import { bank } from './bank.js'
import { readConfiguration, type Configuration } from './configuration.js'

const { users, user: first } = readConfiguration()

let present: Configuration['user'] = first
const listeners = new Set<() => void>()

/** Tells the app's server who is signed in, then the library. A real app has a sign-in page here. */
async function changeUser(next: Configuration['user']): Promise<void> {
  await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: next?.id ?? null }),
  })
  present = next
  bank.setSession(next?.id ?? null)
  for (const listener of listeners) listener()
}

/** Signs in who was signed in last, or the first one. */
export function signIn(): Promise<void> {
  return changeUser(present ?? users[0] ?? null)
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Who is signed in to the app, and the way to change that. */
export function SessionMenu() {
  const user = useSyncExternalStore(subscribe, () => present)
  return (
    <form className="session" aria-label="App user">
      <label htmlFor="user">App user</label>
      <select
        id="user"
        value={user?.id ?? ''}
        onChange={(event) => {
          void changeUser(users.find(({ id }) => id === event.target.value) ?? null)
        }}
      >
        {users.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value="">Signed out</option>
      </select>
    </form>
  )
}
