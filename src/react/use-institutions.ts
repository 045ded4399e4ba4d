'use client'
import * as React from 'react'
import type { AnyClient, Client } from '../core/client.js'
import type { InstitutionsOptions, InstitutionsState } from '../core/institutions/institutions-state.js'
import type { InstitutionInputOf, ProviderName } from '../core/provider.js'
import { useClient, type ClientOption } from './provider.js'
import type { RegisteredClient } from './register.js'

const loading = { status: 'loading', institutions: [] } as const
// One object: a fresh literal at every call would render for ever.
const getServerState = (): typeof loading => loading

/** Options of {@link useInstitutions}. */
export interface UseInstitutionsOptions<C extends AnyClient = RegisteredClient>
  extends ClientOption<C>, InstitutionsOptions {}

/**
 * The banks that a person may choose at a provider, for a picker with a search field: Moneyhub's and Basis'. Pass what is typed as
 * it is typed: nothing is asked for while the person goes on typing, and the list before stays until the next one is there.
 *
 * @throws {Error} when there is no client: no provider component above, and no `client` given.
 * @throws {TypeError} when the client has no such provider, and when the provider has no list.
 * @example
 * ```tsx
 * import { useAuthorize, useInstitutions } from 'countersign'
 * import { useState } from 'react'
 *
 * export function BankPicker() {
 *   const [query, setQuery] = useState('')
 *   const { institutions, ...state } = useInstitutions('moneyhub', { query })
 *   const { authorize } = useAuthorize('moneyhub')
 *   return (
 *     <>
 *       <input type="search" value={query} onChange={(event) => setQuery(event.target.value)} />
 *       {institutions.map(({ id, name }) => (
 *         <button key={id} onClick={() => authorize({ bankId: id })}>{name}</button>
 *       ))}
 *       {state.status === 'ready' && state.more && <button onClick={state.more}>More banks</button>}
 *       {state.status === 'failed' && <button onClick={state.retry}>Try again</button>}
 *     </>
 *   )
 * }
 * ```
 */
export function useInstitutions<
  C extends AnyClient = RegisteredClient,
  Name extends ProviderName<C['providers']> = ProviderName<C['providers']>,
>(
  provider: Name,
  options: UseInstitutionsOptions<C> = {},
): InstitutionsState<InstitutionInputOf<C['providers'][Name]>> {
  const client: AnyClient = useClient(options)
  const { get, subscribe } = (client as Client).institutions(provider, options)
  return React.useSyncExternalStore<unknown>(subscribe, get, getServerState) as InstitutionsState<
    InstitutionInputOf<C['providers'][Name]>
  >
}
