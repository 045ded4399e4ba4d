import type { Adapter, AdapterPayload } from 'oidc-provider'

/** A bank's memory: what oidc-provider keeps, by model and id. */
export interface Storage {
  readonly adapter: (model: string) => Adapter
  /** Makes the bank forget everything of one model, such as `AccessToken`. */
  forget(model: string): void
}

/** Creates an empty memory, one per bank. */
export function createStorage(): Storage {
  const models = new Map<string, Map<string, AdapterPayload>>()
  const open = (model: string) => {
    const entries = models.get(model) ?? new Map<string, AdapterPayload>()
    models.set(model, entries)
    return entries
  }
  return {
    adapter: (model) => createAdapter(open(model), models),
    forget: (model) => {
      open(model).clear()
    },
  }
}

/** oidc-provider checks `exp` itself, so nothing needs to be swept while a bank lives. */
function createAdapter(
  entries: Map<string, AdapterPayload>,
  models: Map<string, Map<string, AdapterPayload>>,
): Adapter {
  return {
    upsert: (id, payload) => done(() => entries.set(id, payload)),
    find: (id) => Promise.resolve(entries.get(id)),
    findByUid: (uid) => Promise.resolve([...entries.values()].find((payload) => payload.uid === uid)),
    findByUserCode: () => Promise.resolve(),
    consume: (id) => done(() => consume(entries.get(id))),
    destroy: (id) => done(() => entries.delete(id)),
    revokeByGrantId: (grantId) =>
      done(() => {
        for (const model of models.values()) deleteGrant(model, grantId)
      }),
  }
}

function consume(payload: AdapterPayload | undefined): void {
  if (payload) payload.consumed = Math.floor(Date.now() / 1000)
}

function deleteGrant(model: Map<string, AdapterPayload>, grantId: string): void {
  for (const [id, payload] of model) {
    if (payload.grantId === grantId) model.delete(id)
  }
}

function done(work: () => unknown): Promise<void> {
  work()
  return Promise.resolve()
}
