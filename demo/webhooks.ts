import type { WebhookEvent } from 'countersign/backend'

/** What a provider has told the app's server of a connection. */
export type Told = Pick<WebhookEvent, 'id' | 'provider' | 'name' | 'kind' | 'verified'>

/** What the providers have told, by the user whom it is about. */
export interface ToldEvents {
  readonly note: (event: WebhookEvent) => void
  /** The newest last. */
  readonly of: (user: string) => readonly Told[]
}

const maximumEvents = 20

/** Keeps the last events of each user, in memory. A real app puts them on a queue, and reads the connection again. */
export function createToldEvents(): ToldEvents {
  const byUser = new Map<string, readonly Told[]>()
  const of = (user: string): readonly Told[] => byUser.get(user) ?? []
  return {
    of,
    note({ subject, id, provider, name, kind, verified }) {
      byUser.set(subject, [...of(subject), { id, provider, name, kind, verified }].slice(-maximumEvents))
    },
  }
}
