import { useConnections } from 'countersign'
import { useSyncExternalStore } from 'react'
import { at } from './base.js'
import { track } from './parts/under-way.js'
import { readConfiguration, type Configuration } from './configuration.js'

/** A user of the app. */
export type AppUser = Configuration['users'][number]

const { users } = readConfiguration()
const listeners = new Set<() => void>()
const clients = new Set<(user: AppUser | null) => void>()
/** `undefined` until it is known. */
let present: AppUser | null | undefined

/**
 * The page asks who is signed in; its document does not say. A document may come from a cache, and the request for the one
 * that a person comes back to from a bank carries no `SameSite=Strict` cookie. A request of the page does.
 *
 * @throws when the app's server does not say.
 */
export async function readUser(): Promise<AppUser | null> {
  const user = await readSession()
  // Unless somebody has signed in or out meanwhile.
  if (present === undefined) show(user)
  return user
}

/** Who the app's server says is signed in. */
async function readSession(init?: RequestInit): Promise<AppUser | null> {
  const response = await fetch(at('/session'), init)
  if (!response.ok) throw new Error(`The app's server answered with status ${String(response.status)}.`)
  const { user } = (await response.json()) as { user: string | null }
  return users.find(({ id }) => id === user) ?? null
}

function show(user: AppUser | null): void {
  present = user
  for (const listener of listeners) listener()
}

function become(user: AppUser | null): void {
  show(user)
  for (const tell of clients) tell(user)
}

/** Signs a user in at the app's server, or out with `null`. */
export async function changeUser(next: AppUser | null): Promise<void> {
  const answer = readSession({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: next?.id ?? null }),
  })
  become(await track(next ? `Signing in as ${next.name}…` : 'Signing out…', answer))
}

/** Asks again: somebody may have signed in in another tab. */
export async function findUser(): Promise<void> {
  const user = await readSession().catch(() => null)
  if (user) become(user)
}

/** Calls back when somebody has signed in or out on this page. */
export function onUserChanged(tell: (user: AppUser | null) => void): void {
  clients.add(tell)
}

const getUser = (): AppUser | null | undefined => present

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Who is signed in: nobody, once another tab or the backend says so; `undefined` until it is known. */
export function useUser(): AppUser | null | undefined {
  const user = useSyncExternalStore(subscribe, getUser)
  const signedOut = useConnections({ select: ({ status }) => status === 'sign_in_required' })
  return signedOut ? null : user
}
