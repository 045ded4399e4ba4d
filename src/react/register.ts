import type { AnyClient, Client } from '../core/client.js'

/**
 * Say here once which client your app has, and every hook knows its providers, their inputs and details.
 *
 * @example
 * ```ts
 * import { createClient, singleUser } from 'countersign'
 * import { apiture } from 'countersign/providers'
 *
 * export const bank = createClient({
 *   subject: singleUser,
 *   providers: { apiture: apiture({ clientId: 'my-client', scope: 'openid banking/read' }) },
 * })
 *
 * declare module 'countersign' {
 *   interface Register {
 *     client: typeof bank
 *   }
 * }
 * ```
 */
export interface Register {}

/** The client that is registered; while none is, one whose providers are not known. */
export type RegisteredClient = Register extends { readonly client: infer Registered extends AnyClient }
  ? Registered
  : Client

/** The client that the provider component takes: the registered one; while none is, any. */
export type ProvidedClient = Register extends { readonly client: infer Registered extends AnyClient }
  ? Registered
  : AnyClient
