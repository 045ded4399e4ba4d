// Every record that a page writes, of every kind, with secrets in all that comes in: it holds those that are named for its kind, and
// no other, however it is read.
import { createClient, type CommonInput } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { assert, expect, test, vi } from 'vitest'
import * as keys from '../../src/core/records/keys.js'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { leaksOf, randomSecret, secret } from '../support/secrets.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

/** The secrets that a record of each kind holds by design: all that the next step needs, and nothing else. */
const byDesign: Readonly<Record<string, readonly string[]>> = {
  'transaction prepared': ['nonce', 'state', 'verifier'],
  'transaction left': ['handle', 'nonce', 'state', 'verifier'],
  'transaction returned': ['code', 'nonce', 'state', 'verifier'],
  'transaction sent': ['code', 'handle', 'nonce', 'state', 'verifier'],
  'transaction answered': ['nonce', 'state', 'verifier'],
  'transaction done': ['state'],
  'transaction failed': ['state'],
  tokens: ['access token', 'refresh token'],
  // What the server publishes for everybody, as it came.
  metadata: ['member of metadata'],
  ...Object.fromEntries(
    [
      ...['connection', 'disconnected', 'dpop', 'interaction', 'lease'],
      ...['session', 'subject-key', 'synced'],
    ].map((kind) => [kind, []]),
  ),
}

/** Names of secrets, by their values. */
const names = new Map<string, string>()
const seed = (name: string, value: string = randomSecret()): string => {
  names.set(secret(value), name)
  return value
}

/** All that was written into whatever database, in the order in which it was. */
function watchWrites(): (readonly [key: string, value: unknown])[] {
  const written: (readonly [key: string, value: unknown])[] = []
  const { put } = IDBObjectStore.prototype
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
    this: IDBObjectStore,
    value: unknown,
    key?: IDBValidKey,
  ) {
    // Every record of ours lies under a name.
    written.push([key as string, value])
    return put.call(this, value, key)
  })
  return written
}

function kindOf(key: string, value: unknown): string {
  const [prefix = ''] = key.split(':')
  return prefix === 'transaction' ? `transaction ${String((value as { phase: unknown }).phase)}` : prefix
}

/** Notes what pages have made up for their transactions. */
function seedTransactions(written: readonly (readonly [key: string, value: unknown])[]): void {
  for (const [key, value] of written) {
    if (!key.startsWith('transaction:')) continue
    const {
      state,
      codeVerifier: verifier,
      nonce,
      handle,
    } = value as Readonly<Record<string, string | undefined>>
    for (const [what, made] of Object.entries({ state, verifier, nonce, handle }))
      if (made !== undefined) seed(what, made)
  }
}

/** The names of the secrets that lie in records, by their kind. */
function foundIn(written: readonly (readonly [key: string, value: unknown])[]): Record<string, string[]> {
  const found: Record<string, Set<string>> = {}
  for (const [key, value] of written) {
    const own = (found[kindOf(key, value)] ??= new Set())
    for (const leak of leaksOf([key, value])) own.add(names.get(leak) ?? 'another')
  }
  return Object.fromEntries(Object.entries(found).map(([kind, all]) => [kind, [...all].sort()]))
}

/** An app with a provider for each way to keep tokens, and secrets in every answer. */
function createApp() {
  const scene = createScene(network)
  const { browser, server, other, backend } = scene
  const subject = seed('user id')
  const common = { issuer: server.issuer, clientId: 'client-1', scope: 'openid accounts offline_access' }
  const providers = {
    bank: oidc({ ...common, details: ['name'] }),
    kept: oidc({ ...common, issuer: other.issuer, persistTokens: true }),
    bound: oidc({ ...common, issuer: other.issuer, dpop: true }),
    mediated: oidc({ ...common, mode: 'mediated', authorizationEndpoint: `${server.issuer}/authorize` }),
  }
  for (const { hostile } of [server, other]) {
    hostile.metadata = (metadata) => ({
      ...metadata,
      dpop_signing_alg_values_supported: ['ES256'],
      client_secret: seed('member of metadata'),
    })
    hostile.claims = (claims) => ({ ...claims, name: 'Ada', email: seed('claim') })
    hostile.tokens = (body) => {
      seed('access token', body['access_token'] as string)
      seed('refresh token', body['refresh_token'] as string)
      seed('ID Token', body['id_token'] as string)
      return { ...body, device_secret: seed('member of a token response') }
    }
  }
  backend.hostile.body = (body) => ({ ...body, refresh_token: seed('member of an answer') })
  const open = (
    url = '/',
    options: Parameters<typeof browser.open>[1] = {},
    user: string | null = subject,
  ) => {
    const page = browser.open(url, options)
    const { platform } = page
    return { page, client: createClient({ subject: user, providers, backend: '/connect', platform }) }
  }
  /** Sends the person away, and gives the page that they come back to. */
  async function begin(name: keyof typeof providers, input: CommonInput = {}, options = {}) {
    const { page, client } = open('/', options)
    const leaving = page.leaving()
    const stayed = client.authorization(name, input).authorizeAsync()
    const url = await Promise.race([
      leaving,
      stayed.then((state) => assert.fail(`the page stayed: ${JSON.stringify(state)}`)),
    ])
    client.dispose()
    const bank = { bank: server, kept: other, bound: other, mediated: backend }[name]
    const back = bank.visit(url)
    seed('code', new URL(back).searchParams.get('code') ?? '')
    return back
  }
  return { ...scene, open, begin }
}

test('a record of each kind holds what is named for it, and no other secret', async () => {
  const written = watchWrites()
  const { browser, server, other, open, begin } = createApp()

  // The keys come late; the connection is disconnected.
  server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
  const answered = open(await begin('bank', { returnTo: '/accounts' })).client
  const waiting = await until(answered.callback, 'failed')
  delete server.hostile.jwks
  expect(await waiting.resumeAsync?.()).toMatchObject({ status: 'connected' })
  await (await until(answered.tokens('bank'), 'connected')).disconnect()

  // Tokens that stay, and are refreshed. Without Web Locks a lease stands in for them.
  const kept = open(await begin('kept'), { tabs: 'channel' }).client
  const { getAccessToken } = await until(kept.tokens('kept'), 'connected')
  browser.clock.advance(3600)
  await getAccessToken()
  kept.dispose()

  await begin('bound')

  // Nobody is signed in when the person comes back; then the token endpoint repeats what it was sent.
  const refused = await begin('bank')
  const signedOut = open(refused, {}, null).client
  await until(signedOut.callback, 'sign_in_required')
  signedOut.dispose()
  server.hostile.token = (form) =>
    HttpResponse.json(
      { error: 'invalid_grant', error_description: String(form), form: String(form) },
      { status: 400 },
    )
  await until(open(refused).client.callback, 'failed')

  const mediated = open(await begin('mediated')).client
  await until(mediated.tokens('mediated'), 'connected')
  await mediated.connections.refreshAsync()
  const { page, client } = open()
  await client.authorization('bank').prepareAsync()
  const leaving = page.leaving()
  await client.interact('mediated', {
    id: 'i-1',
    url: `${server.issuer}/interaction?token=${seed('interaction token')}`,
  })
  await leaving
  client.setSubject(null)
  await settled()

  expect(other.requests.token.length).toBe(2)
  seedTransactions(written)
  expect(foundIn(written)).toEqual(byDesign)
})

test('each kind of record is searched', () => {
  const kinds = Object.entries(keys)
    .filter(([name]) => name.endsWith('Key'))
    .map(([, key]) => kindOf(typeof key === 'string' ? key : String(key('x')), { phase: 'left' }))
  expect(kinds.filter((kind) => !Object.hasOwn(byDesign, kind))).toEqual([])
  expect(kinds.length).toBeGreaterThan(9)
})
