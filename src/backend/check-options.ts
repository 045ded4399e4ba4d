import { areConfusable } from '../protocol/redirect-place.js'
import { parseSecureUrl, type Resolver } from '../protocol/secure-url.js'
import { checkOptions, type OptionForm } from '../protocol/options.js'
import type { BackendProvider, Resources } from './provider.js'
import type { Store } from './storage/store.js'
import type { UnattendedLimit } from './connections/unattended-limit.js'

/** What is `any` has a sentence of its own below. */
export const forms: Readonly<Record<string, OptionForm>> = {
  providers: 'any',
  origins: 'any',
  session: 'any',
  store: 'any',
  basePath: 'any',
  keys: 'any',
  subjectKeySecret: 'string',
  unsealed: 'boolean',
  cors: 'boolean',
  fetch: 'any',
  clientAddress: 'any',
  rateLimit: 'any',
  unattended: 'object',
  log: 'any',
  clock: 'any',
  createId: 'any',
}

/** Options that have been checked: all that needs no default. */
export interface CheckedOptions {
  readonly providers: ReadonlyMap<string, BackendProvider>
  readonly origins: readonly string[]
  readonly store: Store
  readonly basePath: string
  /** `requestsPerDay` by provider. */
  readonly unattended: ReadonlyMap<string, number>
}

/** Checks options at run time, for JavaScript and for what types cannot say. @throws {TypeError} with the remedy. */
export function checkBackendOptions(options: object): CheckedOptions {
  checkOptions('createBackend', options, forms)
  const given: Readonly<Record<string, unknown>> = { ...options }
  const { keys, rateLimit, clock, unsealed = false } = given
  if (keys !== undefined && !(Array.isArray(keys) && keys.length > 0))
    throw new TypeError('`keys` is empty: leave it out, or give a key made with `openssl rand -base64 32`.')
  const store = checkStore(given['store'])
  if (keys === undefined && unsealed !== true && store.inProcess !== true) {
    throw new TypeError(
      'This store needs `keys`, because refresh tokens would lie in it as plain text: give a key made with `openssl rand -base64 32`, or set `unsealed: true`.',
    )
  }
  if (keys !== undefined && unsealed === true)
    throw new TypeError(
      '`unsealed` says that there are no `keys`, and they are given: leave one of the two out.',
    )
  checkSubjectKeySecret(given['subjectKeySecret'], keys ?? [], store)
  checkFunction(
    given['session'],
    '`session` must be a function that says who is signed in to your app',
    false,
  )
  checkFunction(given['fetch'], '`fetch` must be a function like the global one')
  checkFunction(given['clientAddress'], '`clientAddress` must be a function that takes a request')
  checkFunction(given['createId'], '`createId` must be a function that makes an id')
  checkFunction(given['log'], '`log` must be a function that takes an event')
  checkFunction(rateLimit === 'off' ? undefined : rateLimit, '`rateLimit` must be a function, or "off"')
  if (clock !== undefined)
    checkFunction((Object(clock) as { now?: unknown }).now, '`clock` must have a function `now`', false)
  const providers = checkProviders(given['providers'])
  return {
    providers,
    origins: checkOrigins(given['origins']),
    store,
    basePath: checkBasePath(given['basePath'] ?? '/connect'),
    unattended: checkUnattended(given['unattended'], providers),
  }
}

function checkSubjectKeySecret(secret: unknown, keys: readonly unknown[], store: Store): void {
  if (secret === undefined && store.inProcess !== true)
    throw new TypeError(
      'This store needs `subjectKeySecret`, because its keys would name your users: give one made with `openssl rand -base64 32`, and never change it.',
    )
  if (secret !== undefined && keys.includes(secret))
    throw new TypeError(
      '`subjectKeySecret` is among `keys`, which are changed from time to time: give one of its own, made with `openssl rand -base64 32`.',
    )
}

function checkUnattended(
  limits: unknown,
  providers: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, number> {
  const entries = Object.entries({ ...(limits as Readonly<Record<string, UnattendedLimit>> | undefined) })
  const checked = entries.map(([name, limit]) => {
    if (!providers.has(name))
      throw new TypeError(`createBackend: \`unattended\` names "${name}", which is not among \`providers\`.`)
    checkOptions(`createBackend: \`unattended\` of "${name}"`, limit, { requestsPerDay: 'number!' })
    const { requestsPerDay } = limit
    if (!(Number.isInteger(requestsPerDay) && requestsPerDay >= 1 && requestsPerDay <= 1000))
      throw new TypeError(
        `createBackend: \`requestsPerDay\` of "${name}" is a whole number from 1 to 1000: correct it.`,
      )
    return [name, requestsPerDay] as const
  })
  return new Map(checked)
}

function checkFunction(value: unknown, sentence: string, optional = true): void {
  if (typeof value !== 'function' && !(optional && value === undefined)) throw new TypeError(`${sentence}.`)
}

function checkProviders(providers: unknown): ReadonlyMap<string, BackendProvider> {
  const entries = Object.entries(Object(providers) as Record<string, BackendProvider>)
  if (entries.length === 0) throw new TypeError('createBackend needs `providers`: give it at least one.')
  const seen: string[] = []
  for (const [name, provider] of entries) {
    if (!/^[a-z][\w-]{0,63}$/i.test(name) || name === 'connections') {
      throw new TypeError(
        'A provider\'s name is part of a path: letters, digits, "-" and "_", and not "connections". Rename it in page and backend.',
      )
    }
    checkProvider(name, provider)
    const isShared = provider.redirectUris.some((uri) => seen.some((other) => areConfusable(uri, other)))
    if (isShared)
      throw new TypeError(
        `The redirectUri of provider "${name}" is another provider's, too: register one for each. A query that only one of them has, a slash at the end, \`.html\` and \`index.html\` make no difference.`,
      )
    seen.push(...provider.redirectUris)
  }
  return new Map(entries)
}

/** Checks what `defineBackendProvider` has not: an object of the app's own. @throws {TypeError} naming the provider. */
function checkProvider(name: string, provider: unknown): asserts provider is BackendProvider {
  const { mode, label, scope, redirectUris, authorize, redeem, input, resources, institutions } = Object(
    provider,
  ) as Partial<BackendProvider>
  if (typeof authorize !== 'function' || typeof redeem !== 'function')
    throw new TypeError(
      `createBackend: "${name}" in \`providers\` is no provider. Call its function there, such as oidc({ … }).`,
    )
  if (mode !== 'mediated' && mode !== 'bff')
    throw new TypeError(`The mode of provider "${name}" is "mediated" or "bff": correct it.`)
  if (typeof label !== 'string' || typeof scope !== 'string')
    throw new TypeError(`Provider "${name}" needs a \`label\` and a \`scope\`, both strings: give them.`)
  if (!Array.isArray(redirectUris) || redirectUris.length === 0) {
    throw new TypeError(
      `Provider "${name}" has no redirectUri: give it the one that is registered at the provider.`,
    )
  }
  for (const uri of redirectUris) checkUrl(uri, `redirectUri of provider "${name}"`, 'browser')
  for (const [member, form] of Object.entries({ ...input }))
    if (!(form instanceof RegExp))
      checkFunction(
        form,
        `\`${member}\` in the input of provider "${name}" must be an expression or a function`,
        false,
      )
  if (resources) checkResources(name, resources)
  if (institutions)
    checkFunction(
      (institutions as { readonly read?: unknown }).read,
      `\`institutions\` of provider "${name}" needs \`read\`, a function`,
      false,
    )
}

function checkResources(name: string, { base, routes }: Partial<Resources>): void {
  checkUrl(base, `API of provider "${name}"`, 'server')
  const areRoutes =
    Array.isArray(routes) &&
    routes.every((route: unknown) => {
      const { method, path } = Object(route) as Readonly<Record<string, unknown>>
      return typeof method === 'string' && typeof path === 'string'
    })
  if (!areRoutes)
    throw new TypeError(
      `The routes of provider "${name}" must each be like { method: 'GET', path: '/accounts' }: correct them.`,
    )
}

function checkUrl(value: unknown, what: string, resolver: Resolver): void {
  if (!parseSecureUrl(value, resolver))
    throw new TypeError(
      `The ${what} is not an https URL (or http on this machine) without fragment: correct it.`,
    )
}

function checkOrigins(origins: unknown): readonly string[] {
  const list = Array.isArray(origins) ? (origins as unknown[]) : []
  if (list.length === 0) {
    throw new TypeError(
      'createBackend needs `origins`: list the origins of your pages, such as "https://app.example".',
    )
  }
  return list.map((origin) => {
    if (typeof origin === 'string' && isOrigin(origin)) return origin
    throw new TypeError(
      '`origins` holds something that is not an https origin (or http on this machine): write scheme, host and port as browsers do, such as "https://app.example", without a path.',
    )
  })
}

function isOrigin(text: string): boolean {
  return parseSecureUrl(text, 'browser')?.origin === text
}

function checkBasePath(path: unknown): string {
  if (typeof path === 'string' && /^(?:\/[\w.~-]+)*$/.test(path)) return path
  throw new TypeError('`basePath` begins with a slash and does not end with one, such as "/connect".')
}

function checkStore(store: unknown): Store {
  const { get, put, delete: remove } = Object(store) as Partial<Store>
  if ([get, put, remove].every((method) => typeof method === 'function')) return store as Store
  throw new TypeError(
    'createBackend needs a `store`: memoryStore() for a demo, sqliteStore(path), postgresStore(pool) or redisStore(client) for production.',
  )
}
