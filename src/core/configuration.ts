import type { Platform } from '../platform/platform.js'
import { checkOptions, type OptionForms } from '../protocol/options.js'
import { refuseSecrets } from '../protocol/secrets.js'
import type { CountersignEvent } from './client-events.js'
import { providerOf, type BackendOption, type Context } from './context.js'
import type { Provider } from './provider.js'

/** The providers of a client, by the names the application gives them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one way to say "a provider of whatever input": input types stand in contravariant positions
export type Providers = Readonly<Record<string, Provider<any, any>>>

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
  readonly redirectUri?: (name: Extract<keyof P, string>) => string
  /**
   * Path below which the app lives, such as `/app`: redirect URIs are below it. It is never guessed from the address.
   *
   * @defaultValue none: the app has the whole origin
   */
  readonly basePath?: string
  /**
   * The app's own user, as an opaque id: connections are kept apart by it. `null` while nobody is signed in. Leave it
   * out when the app has one user only.
   */
  readonly session?: string | null
  /** Tells two clients of one origin apart: database, locks and channel carry this name. @defaultValue `countersign` */
  readonly namespace?: string
  /** Receives what happens, redacted: for telemetry. */
  readonly onEvent?: (event: CountersignEvent) => void
  /** The browser, replaceable in tests. */
  readonly platform?: Platform
}

const forms = {
  providers: 'object!',
  backend: 'any',
  redirectUri: 'function',
  basePath: 'string',
  session: 'any',
  namespace: 'string',
  onEvent: 'function',
  platform: 'object',
} satisfies OptionForms<ClientOptions>

/** Checks the options of `createClient` as they are given, in a page and on a server. @throws {TypeError} */
export function checkClientOptions(options: ClientOptions): void {
  refuseSecrets({ ...(options as ClientOptions | undefined) })
  checkOptions('createClient', options, forms)
  const { basePath, providers } = options
  if (basePath !== undefined && !/^(?:\/[\w.~-]+)+$/.test(basePath))
    throw new TypeError(
      'createClient: `basePath` begins with a slash and does not end with one, such as "/app".',
    )
  for (const [name, provider] of Object.entries<unknown>(providers)) {
    if (typeof (Object(provider) as Partial<Provider>).channel !== 'object')
      throw new TypeError(
        `createClient: "${name}" in \`providers\` is no provider. Call its preset there, such as oidc({ … }).`,
      )
  }
}

/** @throws {TypeError} naming the provider and what to change. */
export function checkConfiguration(context: Context, names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    const provider = providerOf(context, name)
    refuseSecrets(provider)
    const { mode } = provider.channel
    const uri = context.redirectUri(name)
    if (!/^[\w-]+$/.test(name))
      throw new TypeError(`The provider name "${name}" may hold letters, digits, "-" and "_" only.`)
    if (mode !== 'browser' && !context.backend)
      throw new TypeError(`Provider "${name}" is in ${mode} mode: give createClient the \`backend\` option.`)
    if (
      !URL.canParse(uri) ||
      new URL(uri).origin !== context.platform.navigation.url().origin ||
      uri.includes('#')
    ) {
      throw new TypeError(
        `The redirect URI of provider "${name}" must be a URL on this origin, without fragment.`,
      )
    }
    // Without a redirect URI of its own, a response of one authorization server could pass for another's (RFC 9700 §4.4).
    if (seen.has(uri))
      throw new TypeError(`Provider "${name}" shares its redirect URI with another: give each its own.`)
    seen.add(uri)
  }
}
