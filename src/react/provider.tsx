'use client'
import * as React from 'react'
import type { AnyClient } from '../core/client.js'
import type { ProvidedClient, RegisteredClient } from './register.js'

const ClientContext = React.createContext<AnyClient | undefined>(undefined)

/** Props of {@link CountersignProvider}. */
export interface CountersignProviderProps {
  /** The client, made once at module level. */
  readonly client: ProvidedClient
  readonly children?: React.ReactNode
}

/**
 * Passes the client on to the hooks below.
 *
 * @example
 * ```tsx
 * import { CountersignProvider, createClient, singleUser } from 'countersign'
 * import { apiture } from 'countersign/providers'
 *
 * const bank = createClient({
 *   subject: singleUser,
 *   providers: { apiture: apiture({ clientId: 'my-client', scope: 'openid banking/read' }) },
 * })
 * const app = <CountersignProvider client={bank}>…</CountersignProvider>
 * ```
 */
export function CountersignProvider(props: CountersignProviderProps): React.ReactElement {
  return <ClientContext.Provider value={props.client}>{props.children}</ClientContext.Provider>
}

/** Option of every hook: a client other than that of the nearest provider component. */
export interface ClientOption<C extends AnyClient> {
  readonly client?: C
}

/**
 * The client of the nearest {@link CountersignProvider}, or the one given.
 *
 * @throws {Error} when there is none.
 */
export function useClient<C extends AnyClient = RegisteredClient>(options: ClientOption<C> = {}): C {
  const provided = React.useContext(ClientContext)
  const found = options.client ?? (provided as C | undefined)
  if (!found)
    throw new Error(
      'There is no countersign client here: wrap this component in <CountersignProvider client={…}>, or give the hook { client }.',
    )
  return found
}
