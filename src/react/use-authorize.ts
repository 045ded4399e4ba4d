'use client'
import * as React from 'react'
import type { Authorization } from '../core/authorize/authorization.js'
import type { ClickArgument, OnlyKnownInput } from '../core/authorize/authorization-input.js'
import type { AuthorizationState } from '../core/authorize/authorization-state.js'
import type { AnyClient, Client } from '../core/client.js'
import type { ConnectionOf, InputOf, ProviderName } from '../core/provider.js'
import type { Connection } from '../core/records/connection.js'
import type { CountersignError } from '../protocol/errors.js'
import { useClient, type ClientOption } from './provider.js'
import type { RegisteredClient } from './register.js'

/** Result of {@link useAuthorize}: the state, and functions that work as event handlers. */
export type UseAuthorizeResult<
  C extends Connection = ConnectionOf<RegisteredClient['providers']>,
  Click extends readonly unknown[] = [input?: object],
> = AuthorizationState<C> & {
  /** `undefined` unless `status` is `denied` or `failed`. */
  readonly error?: CountersignError | undefined
} & Omit<Authorization<C, Click>, 'get' | 'subscribe'>

const idle: AuthorizationState = { status: 'idle' }
const getServerState = (): AuthorizationState => idle

/**
 * Connects an account: `authorize` sends the person to the provider, `prepare` does ahead what it can. Both never change.
 *
 * What is known of the input when the component renders is given here; what is known at the click is given to
 * `authorize({…})`, and merged over it. `onClick={authorize}` is enough where nothing is missing: an event is no input.
 * `authorizeAsync` and `prepareAsync` do the same and return promises.
 *
 * The state is one per provider and `connection` given here: every component that connects the same shows the same.
 *
 * Do not disable the button while `status` is `leaving`: the page may not leave (the bank answers with a download, the
 * person stops the navigation), and the next click tries again. Clicks until the page leaves are one.
 *
 * @throws {Error} when there is no client: no provider component above, and no `client` given.
 * @throws {TypeError} when the client has no such provider.
 * @example
 * ```tsx
 * import { useAuthorize } from 'countersign'
 *
 * export function Connect() {
 *   const { authorize, prepare, status } = useAuthorize('stitch', { returnTo: '/accounts' })
 *   return (
 *     <button onPointerEnter={prepare} onClick={authorize}>
 *       {status === 'leaving' ? 'One moment…' : 'Connect'}
 *     </button>
 *   )
 * }
 * ```
 * @example
 * ```tsx
 * import { useAuthorize } from 'countersign'
 *
 * export function Banks({ platforms }: { platforms: readonly { id: string; name: string }[] }) {
 *   const { authorize } = useAuthorize('basis', { returnTo: '/accounts' })
 *   return platforms.map(({ id, name }) => (
 *     <button key={id} onClick={() => authorize({ platformId: id })}>
 *       {name}
 *     </button>
 *   ))
 * }
 * ```
 */
export function useAuthorize<
  C extends AnyClient = RegisteredClient,
  Name extends ProviderName<C['providers']> = ProviderName<C['providers']>,
  const Known extends OnlyKnownInput<InputOf<C['providers'][Name]>, Known> = never,
>(
  provider: Name,
  input?: Known,
  options?: ClientOption<C>,
): UseAuthorizeResult<
  ConnectionOf<C['providers'], Name>,
  ClickArgument<InputOf<C['providers'][Name]>, Known>
> {
  const client: AnyClient = useClient(options)
  const authorization = (client as Client).authorization(provider, input)
  const [{ commit, handlers }] = React.useState(() => createHandlers(authorization))
  // What was rendered last may have been thrown away: a click is about what is on the screen.
  React.useInsertionEffect(() => {
    commit(authorization)
  })
  const state = React.useSyncExternalStore(authorization.subscribe, authorization.get, getServerState)
  return React.useMemo(() => ({ ...state, ...handlers }), [state, handlers]) as UseAuthorizeResult<
    ConnectionOf<C['providers'], Name>,
    ClickArgument<InputOf<C['providers'][Name]>, Known>
  >
}

type Handlers = Omit<Authorization, 'get' | 'subscribe'>

/** Functions that never change, for an authorization that does. */
function createHandlers(initial: Authorization) {
  let committed = initial
  const handlers: Handlers = {
    authorize: (input) => {
      committed.authorize(input)
    },
    authorizeAsync: (input) => committed.authorizeAsync(input),
    prepare: (input) => {
      committed.prepare(input)
    },
    prepareAsync: (input) => committed.prepareAsync(input),
  }
  const commit = (authorization: Authorization): void => {
    committed = authorization
  }
  return { handlers, commit }
}
