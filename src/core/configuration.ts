import type { Platform } from '../platform/platform.js'
import { checkOptions, type OptionForms } from '../protocol/options.js'
import { areConfusable } from '../protocol/redirect-place.js'
import { refuseSecrets } from '../protocol/secrets.js'
import type { Outcome } from './callback/callback.js'
import type { CountersignEvent } from './client-events.js'
import { providerOf, type BackendOption, type Context } from './context.js'
import type { ConnectionOf, Provider, ProviderName, Providers } from './provider.js'
import type { SubjectOption } from './subject.js'
import { parseUrl } from '../protocol/parse-url.js'

/** Options of `createClient`. */
export interface ClientOptions<P extends Providers = Providers> {
  /** The providers, by name. The name is part of the redirect URI and of the backend's paths. */
  readonly providers: P
  /**
   * Base of the backend contract: a path or URL, or with `fetch` for an app that sends its own `Authorization`
   * header instead of a cookie. Needed by every provider in `mediated` or `bff` mode.
   */
  readonly backend?: BackendOption
  /**
   * The redirect URI of each provider, as registered there: one of its own for each, on this origin.
   *
   * @defaultValue `/callback/<name>` on this origin, below `basePath`
   */
  readonly redirectUri?: (name: ProviderName<P>) => string
  /**
   * `shared` where redirect URIs are pages of the app, too, such as its start page: then only a response with a `state` of this
   * client's is taken out of the address bar, and the page's own `?code=`, `?state=`, `?error=` and fragments stay.
   *
   * @defaultValue `own`: redirect URIs are for callbacks only, and everything that looks like a response is taken
   */
  readonly callbackPages?: 'own' | 'shared'
  /**
   * Path below which the app lives, such as `/app`: redirect URIs are below it. It is never guessed from the address.
   *
   * @defaultValue none: the app has the whole origin
   */
  readonly basePath?: string
  /**
   * The app's own user, as an opaque id: connections are kept apart by it. `null` when nobody is signed in; a promise of
   * either while the page finds out, such as a request to the app's server; {@link singleUser} for an app without users.
   * Such a request leaves before `createClient` has cleaned the address of a callback: send it with
   * `referrerPolicy: 'no-referrer'`, or its `Referer` holds the code (RFC 9700 §4.2.4).
   *
   * While a promise is pending, connections are `restoring`, a callback is `pending`, and `authorize()` waits. Where it is
   * rejected they are `failed` with the code `subject_unknown`, and go on when `setSubject` is called.
   */
  readonly subject: SubjectOption
  /** Tells two clients of one origin apart: database, locks and channel carry this name. @defaultValue `countersign` */
  readonly namespace?: string
  /**
   * Receives the outcome of an authorization: `connected`, `cancelled`, `denied`, or `failed` for good. It is called at most
   * once for each, after the outcome is stored, by redirect and popup alike: in the page in which it ended, and for a popup
   * in the page that opened it while that is there. Neither a reload nor another tab calls it again, and states in which
   * the same step can be taken again (`sign_in_required`, `failed` with `resume`) are no outcome.
   *
   * A page that crashes may lose it: bookkeeping belongs to the backend. What it throws goes to `reportError`.
   */
  readonly onOutcome?: (outcome: Outcome<ConnectionOf<P>>) => void
  /** Receives what happens, redacted: for telemetry. */
  readonly onEvent?: (event: CountersignEvent) => void
  /** The browser, replaceable in tests. */
  readonly platform?: Platform
}

const forms = {
  providers: 'object!',
  backend: 'any',
  redirectUri: 'function',
  callbackPages: ['own', 'shared'],
  basePath: 'string',
  subject: 'any',
  namespace: 'string',
  onOutcome: 'function',
  onEvent: 'function',
  platform: 'object',
} satisfies OptionForms<ClientOptions>

/** Checks the options of `createClient` as they are given, in a page and on a server. @throws {TypeError} */
export function checkClientOptions(options: ClientOptions): void {
  refuseSecrets(options)
  checkOptions('createClient', options, forms)
  const { basePath = '/app', providers } = options
  if (!/^(?:\/[\w.~-]+)+$/.test(basePath))
    throw new TypeError(
      'createClient: `basePath` begins with a slash and does not end with one, such as "/app".',
    )
  for (const [name, provider] of Object.entries<Partial<Provider> | undefined>(providers)) {
    if (typeof provider?.channel?.load !== 'function')
      throw new TypeError(
        `createClient: "${name}" in \`providers\` is no provider. Call its preset there, such as oidc({ … }).`,
      )
  }
}

/** @throws {TypeError} naming the provider and what to change. */
export function checkConfiguration(context: Context, names: readonly string[]): void {
  const seen: string[] = []
  let usesBackend = false
  for (const name of names) {
    const provider = providerOf(context, name)
    const refuse = (sentence: string): never => {
      throw new TypeError(`Provider "${name}" ${sentence}`)
    }
    refuseSecrets(provider)
    const { mode } = provider.channel
    const uri = context.redirectUri(name)
    if (!/^[\w-]+$/.test(name)) refuse('needs a name of letters, digits, "-" and "_".')
    if (mode !== 'browser') {
      usesBackend = true
      if (!context.backend) refuse(`is in ${mode} mode: give createClient the \`backend\` option.`)
    }
    if (parseUrl(uri)?.origin !== context.platform.navigation.url().origin || uri.includes('#'))
      refuse('needs a redirect URI on this origin, without fragment.')
    // Without a redirect URI of its own, a response of one authorization server could pass for another's (RFC 9700 §4.4).
    if (seen.some((other) => areConfusable(other, uri)))
      refuse(
        'shares its redirect URI with another: give each its own. A query, a slash at the end, `.html` and `index.html` do not count.',
      )
    seen.push(uri)
  }
  // Whoever gives it believes that tokens stay there.
  if (context.backend && !usesBackend)
    throw new TypeError(
      'createClient: `backend` has no effect in "browser" mode: leave it out here, or set a `mode`.',
    )
}
