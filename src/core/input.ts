/**
 * The party that talks to the token endpoint, after the architectures of RFC 10017: `browser` (§6.3) the page itself, `mediated`
 * (§6.2) a backend that hands access tokens to the page, `bff` (§6.1) a backend that keeps every token.
 */
export type Mode = 'browser' | 'mediated' | 'bff'

/** Input that every provider takes, beside its own fields. */
export interface CommonInput {
  /**
   * Scope for this one request, space-delimited. `openid` is added where the provider's `scope` has it.
   *
   * @defaultValue the provider's `scope`
   */
  readonly scope?: string | undefined
  /** Path of this app at which it continues afterwards. @defaultValue `/` */
  readonly returnTo?: string | undefined
  /**
   * State of the app that comes back with the outcome, such as what the person was about to do: at most 2048 bytes of JSON. It
   * lies in IndexedDB until then and goes to nobody. Any script of this origin can write it there: check what comes back.
   */
  readonly appState?: unknown
  /** The id of a connection to renew in place. */
  readonly connection?: string | undefined
  /**
   * The ways of signing in of which the provider must use one (`acr_values`), such as those of a {@link StepUpError}. The ID Token
   * must name one of them; the scope must have `openid`. With a backend, its provider must confirm them, too: where it cannot, the
   * state is `failed` with `backend_refused`. @defaultValue the provider's own
   */
  readonly acrValues?: readonly string[] | undefined
  /**
   * Seconds since the person signed in at the provider, at most (`max_age`): they sign in again where it is longer ago, and the ID
   * Token must say when. With a backend as `acrValues`. @defaultValue the provider's own
   */
  readonly maxAgeSeconds?: number | undefined
  /** Window in which the person goes to the provider: this page or a popup. @defaultValue `redirect` */
  readonly display?: 'redirect' | 'popup' | undefined
}
