/**
 * Who talks to the token endpoint, after the architectures of RFC 10017: `browser` (§6.3) the page itself, `mediated`
 * (§6.2) a backend that hands access tokens to the page, `bff` (§6.1) a backend that keeps every token.
 */
export type Mode = 'browser' | 'mediated' | 'bff'

/** What every provider's input can hold, beside its own fields. */
export interface CommonInput {
  /**
   * Scope for this one request, space-delimited. `openid` is added where the provider's `scope` has it.
   *
   * @defaultValue the provider's `scope`
   */
  readonly scope?: string | undefined
  /** Where the app goes on afterwards: a path of this app. @defaultValue `/` */
  readonly returnTo?: string | undefined
  /** The id of a connection to renew in place. */
  readonly connection?: string | undefined
  /** How the person goes to the provider: by this page or in a window of its own. @defaultValue `redirect` */
  readonly display?: 'redirect' | 'popup' | undefined
}
