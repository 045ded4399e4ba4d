import type { Bank } from '../../../demo/banks/bank.js'
import type { Kind, ProviderSetup } from '../../../src/testing/kinds/kind.js'
import { createMemory } from '../../../src/testing/memory.js'
import { systemRandomness } from '../../../src/testing/random.js'
import { PageError } from '../../../src/testing/servers/authorization-request.js'
import { createKeyPair } from '../../../src/testing/servers/jwt.js'
import type { RegisteredAuthentication } from '../../../src/testing/servers/registration.js'
import { createServer } from '../../../src/testing/servers/server.js'
import { createVisitor } from '../../demo/banks/visitor.js'
import type { Action, Answer, Ends, Sent } from './place.js'

export const redirectUri = 'http://localhost:5173/callback'

const toAnswer = (status: number, text: string): Answer => ({
  status,
  body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {},
})

/** By the global fetch, which has no certificate. */
const sendPlain = async ({ method, url, headers, body }: Sent): Promise<Answer> => {
  const response = await fetch(url, { method, headers, ...(body !== '' && { body }), redirect: 'manual' })
  return toAnswer(response.status, await response.text())
}

export interface RealOptions {
  readonly endpoints: Ends['endpoints']
  readonly send?: Ends['send']
  /** Boxes that the person ticks on the consent page. */
  readonly boxes?: readonly (readonly [string, string])[]
  /** Buttons before the person is asked to sign in. */
  readonly before?: readonly string[]
}

/** A bank of the demo, over HTTP. */
export function realEnds(bank: Bank, options: RealOptions): Ends {
  const { endpoints, send = sendPlain, boxes = [], before = [] } = options
  const isApp = ({ url }: { readonly url: URL }) => url.href.startsWith(redirectUri)
  async function walk(url: URL, action: Action) {
    const visitor = createVisitor(bank.origin)
    const first = await visitor.open(url)
    if (isApp(first) || first.status >= 400) return first
    for (const button of before) await visitor.press(button)
    await visitor.signIn()
    return visitor.press(action, boxes)
  }
  return {
    clientId: bank.clientId,
    redirectUri,
    endpoints,
    send,
    async visit(address, action) {
      const stop = await walk(address, action)
      // Errors about an unusable response_type arrive in the fragment.
      const { searchParams, hash } = stop.url
      return isApp(stop)
        ? Object.fromEntries([...searchParams, ...new URLSearchParams(hash.slice(1))])
        : 'page'
    },
  }
}

export interface KitOptions {
  /** Base of the API. @defaultValue the first of the server's */
  readonly api?: string
  /** A key that the test signs its client assertions with, in place of the kit's. */
  readonly key?: CryptoKey
}

/** The kit's server, without a network. */
export async function kitEnds(
  kind: Kind,
  provider: ProviderSetup['provider'],
  { api, key }: KitOptions = {},
): Promise<Ends & { readonly authentication: RegisteredAuthentication }> {
  const now = () => Date.now() / 1000
  const random = systemRandomness
  const memory = createMemory()
  const clientKey = await createKeyPair()
  // Nothing is sent by it: the kit's server is asked directly.
  const fetchWithCertificate: typeof fetch = (...request) => fetch(...request)
  const setup = { name: 'bank', provider, redirectUri, clientKey, fetchWithCertificate, now, random, memory }
  const { dialect, authentication: own } = await kind(setup)
  const authentication = key ? { method: 'private_key_jwt' as const, key } : own
  const { clientId, label } = provider
  const registration = { name: 'bank', label, clientId, redirectUri, authentication }
  const server = createServer(dialect, [registration], {
    now,
    random,
    memory,
    takeTampering: () => undefined,
  })
  return {
    clientId,
    redirectUri,
    authentication,
    endpoints: { ...dialect.endpoints, api: api ?? dialect.apis[0] ?? '' },
    async send({ method, url, headers, body, certificate }) {
      const endpoint = server.endpointOf(new URL(url))
      if (!endpoint) return { status: 404, body: {} }
      const request = { method, url: new URL(url), headers: new Headers(headers), body, certificate }
      const response = await server.answer(request, endpoint)
      return toAnswer(response.status, await response.text())
    },
    async visit(url, action) {
      try {
        const request = await server.open(url)
        const ending = action === 'approve' ? { kind: action, approval: {} } : { kind: action }
        if (action === 'cancel' && server.keepsCancelled && !request.refusal) return 'page'
        return Object.fromEntries(new URL(server.end(request, ending)).searchParams)
      } catch (error) {
        if (error instanceof PageError) return 'page'
        throw error
      }
    },
  }
}
