import type { Json } from '../backend/index.js'

/**
 * What a person does at the provider, and what there is to see of them.
 *
 * @typeParam Details The details of a connection at the provider.
 */
export interface Approval<Details extends object = object> {
  /** The scope values that the person grants, of those requested. @defaultValue all of them */
  readonly scope?: string | readonly string[]
  /** The accounts that the provider's API lists afterwards, as it writes them. @defaultValue two made-up accounts */
  readonly accounts?: readonly object[]
  /** The person at the provider: the `sub` of the ID Token, or the user's id there. @defaultValue the same person every time */
  readonly sub?: string
  /** Further claims of the ID Token, such as `name`. @defaultValue none */
  readonly claims?: Readonly<Record<string, Json>>
  /** Details that the connection shall have, such as Basis's `profileId`. @defaultValue made up by the provider */
  readonly details?: Partial<Details>
  /** Seconds that access tokens of this grant live. @defaultValue as the provider documents it, or an hour */
  readonly expiresIn?: number
}
