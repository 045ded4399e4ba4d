import { randomBytes, randomUUID } from 'node:crypto'
import { get, type IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClientCertificate, createServerCertificate } from '../../demo/banks/certificates.js'
import { startStitch } from '../../demo/banks/stitch.js'
import type { ResealProgress } from '../../src/backend/index.js'
import { checkBackend } from '../../src/check-backend/check-backend.js'
import type { CheckOptions } from '../../src/check-backend/options.js'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../src/protocol/pkce.js'
import type { StoreRuleResult } from '../../src/store-commands/check-store.js'
import { app, checkOptions } from '../check-backend/support/app.js'
import { createVisitor } from '../demo/banks/visitor.js'
import type { RuntimeEnvironment } from './support/runtimes/handler.js'
import type { MtlsEnvironment } from './support/runtimes/mtls.js'
import { installRuntimes, runtimes, startRuntime, type Running } from './support/runtimes/programs.js'

let bank: Awaited<ReturnType<typeof startStitch>>
let check: Omit<CheckOptions, 'baseUrl'>
let env: RuntimeEnvironment & MtlsEnvironment
let tls: Server

beforeAll(async () => {
  await installRuntimes()
  const pair = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  bank = await startStitch({ redirectUris: [`${app}/callback/stitch`], jwks: { keys: [jwk] } })
  check = await checkOptions()
  const [client, server] = await Promise.all([createClientCertificate('client'), createServerCertificate()])
  tls = createServer({ ...server, requestCert: true, rejectUnauthorized: false }, ({ socket }, outgoing) => {
    outgoing.end((socket as Partial<TLSSocket>).getPeerX509Certificate?.()?.subject ?? 'no certificate')
  })
  await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
  env = {
    MTLS_URL: `https://127.0.0.1:${String((tls.address() as AddressInfo).port)}/`,
    MTLS_CERT: client.cert,
    MTLS_KEY: client.key,
    MTLS_CA: server.cert,
    APP_ORIGIN: app,
    PROVIDER: `http://127.0.0.1:${String(check.providerPort)}`,
    CLIENT_SECRET: randomUUID(),
    COUNTERSIGN_KEY: randomBytes(32).toString('base64url'),
    COUNTERSIGN_NEXT_KEY: randomBytes(32).toString('base64url'),
    COUNTERSIGN_SUBJECT_SECRET: randomBytes(32).toString('base64url'),
    STITCH: bank.issuer,
    STITCH_CLIENT_ID: bank.clientId,
    STITCH_KEY: await exportPKCS8(pair.privateKey),
  }
})

afterAll(async () => {
  tls.closeAllConnections()
  tls.close()
  await bank.close()
})

const hasSqlite = (process.getBuiltinModule('node:sqlite' as 'node:fs') as unknown) !== undefined

// On a Node without SQLite the unit tests run all of this, with other stores.
describe.each(runtimes.filter((name) => name !== 'this Node' || hasSqlite))('in %s', (name) => {
  let running: Running

  beforeAll(async () => {
    running = await startRuntime(name, env)
  })

  afterAll(() => running.close())

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${running.origin}/connect${path}`, {
      method,
      headers: {
        origin: app,
        countersign: '1',
        cookie: 'session=robin',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await response.json()) as Record<string, unknown>
  }

  test('the backend keeps the contract', async () => {
    const { results } = await checkBackend({ ...check, baseUrl: `${running.origin}/connect` })
    expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
    expect(results.length).toBeGreaterThan(40)
  })

  test('its store keeps the contract', async () => {
    const response = await fetch(`${running.origin}/check-store`)
    const results = (await response.json()) as StoreRuleResult[]
    expect(results.filter(({ result }) => result !== 'pass')).toEqual([])
    expect(results.length).toBeGreaterThan(15)
  })

  /** A person connects at Stitch. */
  async function connect(): Promise<{ readonly id: string; readonly accessToken: string }> {
    const verifier = createCodeVerifier()
    const [state, nonce] = [createState(), createState()]
    const { authorization_url, transaction } = await call('POST', '/stitch/authorization', {
      state,
      nonce,
      code_challenge: await calculateCodeChallenge(verifier),
      redirect_uri: `${app}/callback/stitch`,
    })
    const visitor = createVisitor(bank.origin)
    await visitor.open(String(authorization_url))
    await visitor.signIn()
    const back = await visitor.press('approve', [
      ['scope', 'accounts'],
      ['scope', 'offline_access'],
    ])
    const code = back.url.searchParams.get('code')
    const redeemed = await call('POST', '/stitch/token', {
      code,
      state,
      code_verifier: verifier,
      transaction,
    })
    expect(redeemed['connection']).toMatchObject({ provider: 'stitch', status: 'connected' })
    const { id } = redeemed['connection'] as { id: string }
    return { id, accessToken: String(redeemed['access_token']) }
  }

  test('a person connects at Stitch, the token works and is refreshed, and the connection ends', async () => {
    const { id, accessToken: first } = await connect()
    expect(await accounts(first)).toBe(200)
    const { access_token: second } = await call('POST', `/connections/${id}/access-token`, {
      rejected: await calculateCodeChallenge(first),
    })
    expect(second).not.toBe(first)
    expect(await accounts(String(second))).toBe(200)
    const ended = await call('DELETE', `/connections/${id}`)
    expect(ended).toHaveProperty('revoked')
    expect(await call('GET', '/connections')).toEqual({ connections: [] })
  })

  const job = (name: string): Promise<unknown> => getJson(`${running.origin}/jobs/${name}`)

  test('jobs run here: what is due is renewed, once, and is not due any more', async () => {
    const { id, accessToken } = await connect()
    expect(await job('due')).toEqual([id])
    expect(await job('renew')).toEqual([id])
    expect(await job('renew')).toEqual([])
    expect(await job('due')).toEqual([])
    const { access_token: token } = await call('POST', `/connections/${id}/access-token`, {})
    expect(token).not.toBe(accessToken)
    expect(await accounts(String(token))).toBe(200)
    expect(await call('DELETE', `/connections/${id}`)).toHaveProperty('revoked')
  })

  test('jobs run here: what is due is found, connections are filed anew, and sealed with another key', async () => {
    const { id } = await connect()
    expect(await job('due')).toContain(id)
    expect(await job('reindex')).toBeGreaterThan(0)
    const first = (await job('reseal')) as ResealProgress
    expect(first.resealed).toBeGreaterThan(0)
    expect(first.unreadable).toBe(0)
    expect(await job('reseal')).toMatchObject({ resealed: 0, unreadable: 0 })
    const { access_token: token } = await call('POST', `/connections/${id}/access-token`, {})
    expect(await accounts(String(token))).toBe(200)
    expect(await call('DELETE', `/connections/${id}`)).toHaveProperty('revoked')
  })

  test('a client certificate is presented: by mtlsFetch, in workerd by a binding', async () => {
    const response = await fetch(`${running.origin}/mtls`)
    expect([response.status, await response.text()]).toEqual([200, 'CN=client'])
  })

  test('a provider that needs one says at the start what presents it here', async () => {
    const sentence = await (await fetch(`${running.origin}/without-certificate`)).text()
    expect(sentence).toContain('fdx needs a `fetch` that presents the client certificate (mutual TLS)')
    expect(sentence).toContain(
      name === 'workerd' ? '`mtls_certificates`' : '`fetch: mtlsFetch({ cert, key })`',
    )
  })

  test('it is healthy', async () => {
    const response = await fetch(`${running.origin}/health`)
    expect(await response.json()).toMatchObject({ ok: true, store: 'ok', closing: false })
  })
})

/** Gets JSON, however long it takes: `fetch` gives up after five minutes. */
async function getJson(url: string): Promise<unknown> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, resolve).on('error', reject)
  })
  const body = await text(incoming)
  if (incoming.statusCode !== 200) throw new Error(`${url} answered ${String(incoming.statusCode)} ${body}`)
  return JSON.parse(body) as unknown
}

async function accounts(token: string): Promise<number> {
  const { status } = await fetch(`${bank.origin}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'query { user { bankAccounts { name } } }' }),
  })
  return status
}
