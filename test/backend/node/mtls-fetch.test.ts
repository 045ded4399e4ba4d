import { createServer, type Server } from 'node:https'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { mtlsFetch } from 'countersign/backend/node'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import {
  createClientCertificate,
  createServerCertificate,
  type ClientCertificate,
} from '../../../demo/banks/certificates.js'
import { thumbprintOf } from '../../../src/protocol/client-certificate.js'
import { request } from '../../../src/protocol/http.js'

let client: ClientCertificate
let ca: string
let server: Server
let url: string
let answer: RequestListener

beforeAll(async () => {
  client = await createClientCertificate('client')
  const { cert, key } = await createServerCertificate()
  ca = cert
  server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (incoming, outgoing) => {
    answer(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/path?q=1`
})

afterEach(() => {
  vi.unstubAllEnvs()
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const send = (init: RequestInit = {}) => mtlsFetch({ cert: client.cert, key: client.key, ca })(url, init)

test('presents the certificate, and gives status, headers and body', async () => {
  answer = ({ socket, url: path }, outgoing) => {
    const certificate = (socket as Partial<TLSSocket>).getPeerX509Certificate?.()
    outgoing.writeHead(418, { 'x-two': ['a', 'b'], 'content-type': 'text/plain' })
    outgoing.end(`${path ?? ''} ${certificate?.raw.toString('base64') ?? ''}`)
  }
  const response = await send()
  expect(response.status).toBe(418)
  expect(response.headers.get('x-two')).toBe('a, b')
  expect(await response.text()).toBe(`/path?q=1 ${client.jwks.keys[0]?.x5c?.[0] ?? ''}`)
})

test('sends method, headers and a form with its length', async () => {
  let seen: unknown
  answer = (incoming, outgoing) => {
    const { method, headers } = incoming
    incoming.setEncoding('utf8').once('data', (body) => {
      seen = {
        method,
        type: headers['content-type'],
        length: headers['content-length'],
        body: body as string,
      }
      outgoing.writeHead(204).end()
    })
  }
  const response = await send({ method: 'POST', body: new URLSearchParams({ a: 'b c' }) })
  expect([response.status, await response.text()]).toEqual([204, ''])
  expect(seen).toEqual({
    method: 'POST',
    type: 'application/x-www-form-urlencoded;charset=UTF-8',
    length: '5',
    body: 'a=b+c',
  })
})

test('does not follow a redirect', async () => {
  answer = (_incoming, outgoing) => {
    outgoing.writeHead(302, { location: 'https://elsewhere.example/' }).end()
  }
  expect((await send()).status).toBe(302)
})

test('refuses a server whose certificate nobody vouches for, whatever the environment says', async () => {
  vi.spyOn(process, 'emitWarning').mockReturnValue()
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  let reached = false
  answer = (_incoming, outgoing) => {
    reached = true
    outgoing.end()
  }
  const { cert, key } = client
  await expect(mtlsFetch({ cert, key })(url, {})).rejects.toThrow('fetch failed')
  expect(reached).toBe(false)
})

test('takes no option that would trust just any server', () => {
  const { cert, key } = client
  const options = { cert, key, rejectUnauthorized: false }
  return expect(mtlsFetch(options)(url, {})).rejects.toThrow('fetch failed')
})

test('gives up when it is told to, while connecting and while reading', async () => {
  answer = (_incoming, outgoing) => {
    outgoing.writeHead(200).write('begun')
  }
  await expect(send({ signal: AbortSignal.abort() })).rejects.toThrow()
  await expect(
    request(mtlsFetch({ cert: client.cert, key: client.key, ca }), url, {}, { timeoutSeconds: 0.2 }),
  ).rejects.toMatchObject({
    code: 'network_error',
  })
})

test('reports an answer that breaks off', async () => {
  answer = (_incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-length': '100' })
    outgoing.write('only this', () => outgoing.destroy())
  }
  await expect(request(mtlsFetch({ cert: client.cert, key: client.key, ca }), url, {})).rejects.toMatchObject(
    {
      code: 'network_error',
    },
  )
})

test('says why a connection was not made, as fetch does', async () => {
  const { cert, key } = client
  const closed = 'https://127.0.0.1:1/'
  await expect(mtlsFetch({ cert, key, ca })(closed, {})).rejects.toMatchObject({
    message: 'fetch failed',
    cause: { code: 'ECONNREFUSED' },
  })
})

test('refuses a certificate and a key that do not belong together, at once', async () => {
  const other = await createClientCertificate('other')
  expect(() => mtlsFetch({ cert: client.cert, key: other.key })).toThrow(TypeError)
  expect(() => mtlsFetch({ cert: 'no certificate', key: client.key })).toThrow(TypeError)
})

test('says what takes its place in Workers', () => {
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
  expect(() => mtlsFetch({ cert: client.cert, key: client.key })).toThrow('mtls_certificates')
})

test('what is bound to the certificate can be compared with it', async () => {
  const other = await createClientCertificate('other')
  expect(thumbprintOf(mtlsFetch({ cert: client.cert, key: client.key }))).toBe(client.thumbprint)
  // With the certificates between it and its authority behind it.
  const chain = Buffer.from(`${client.cert}\n${other.cert}`)
  expect(thumbprintOf(mtlsFetch({ cert: chain, key: client.key }))).toBe(client.thumbprint)
  expect(thumbprintOf(fetch)).toBeUndefined()
})
