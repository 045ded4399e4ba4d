import type { Client } from '../core/client.js'

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

/** The client that is registered, or any. */
export type RegisteredClient = Register extends { readonly client: infer Registered extends Client }
  ? Registered
  : Client

/** The names of a client's providers. */
export type ProviderName<C extends Client> = Extract<keyof C['providers'], string>
