import type { AuthorizationState, Client, ReadableStore } from '../../core/index.js'
import { redactError } from './redact.js'
import { providerNamed, type Watched } from './watched.js'

/** Notes each click after which nobody left: it has no transaction by which it could be told of. */
export function watchAttempts(watched: Watched, client: Client): void {
  const followed = new Set<string>()
  const follow = (provider: string, connection?: string): void => {
    const name = `${provider} ${connection ?? ''}`
    // Another app's connections may lie in the same namespace.
    if (followed.has(name) || !providerNamed(watched.context, provider)) return
    followed.add(name)
    followOne(watched, provider, client.authorization(provider, { connection }))
  }
  for (const name of Object.keys(client.providers)) follow(name)
  const followRenewals = (): void => {
    const state = client.connections.get()
    if (state.status === 'ready') for (const { id, provider } of state.connections) follow(provider, id)
  }
  client.connections.subscribe(followRenewals)
  followRenewals()
}

function followOne(
  watched: Watched,
  provider: string,
  { get, subscribe }: ReadableStore<AuthorizationState>,
): void {
  let before: ReadonlySet<string> | undefined
  subscribe(() => {
    const state = get()
    if (state.status === 'leaving') before = new Set(watched.log.get().map(({ id }) => id))
    else if (state.status === 'failed' && before) note(watched, provider, before, state.error)
  })
}

/** @param before The events before the click. */
function note(
  { context, log }: Watched,
  provider: string,
  before: ReadonlySet<string>,
  error: unknown,
): void {
  const since = log.get().filter((event) => event.provider === provider && !before.has(event.id))
  // Who has left has a transaction, which tells how it ended.
  if (since.some(({ kind }) => kind === 'left')) return
  const asked = since.find(({ flow }) => flow !== undefined)
  const mode = providerNamed(context, provider)?.channel.mode
  log.add({
    ...{ kind: 'not_left', from: 'page', to: 'page', provider, outcome: 'failed' },
    flow: asked?.flow ?? `click-${Math.random().toString(36).slice(2, 12)}`,
    ...(mode && { mode }),
    error: redactError(error),
  })
}
