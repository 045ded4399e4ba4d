import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { contractSchemas } from '../../scripts/contract-schema.js'
import { checkBackend, rules } from '../../src/check-backend/check-backend.js'
import { statusOf } from '../../src/protocol/contract-status.js'
import type { Exchange } from '../../src/check-backend/harness/client.js'
import { checkOptions } from './support/app.js'
import { startExpress } from './support/express.js'
import { differences, openapi, operations, problemsOf, resolve, type Exchanged } from './support/openapi.js'
import { startReference, type Listening } from './support/reference.js'

vi.setConfig({ testTimeout: 120_000 })

let backend: Listening | undefined
afterEach(() => backend?.close())

test('has the schemas that contract.ts gives (run scripts/contract-schema.js)', () => {
  expect(openapi.components.schemas).toEqual(contractSchemas())
})

test('gives every error the status that the reference backend and the check give it', () => {
  const described = operations
    .flatMap(({ responses }) => Object.entries(responses))
    .flatMap(([status, response]) =>
      errorsOf(resolve(response)).map((error) => [error, Number(status)] as const),
    )
  expect(Object.fromEntries(described)).toEqual(statusOf)
})

test('holds examples that fit their schemas', () => {
  const contents = operations
    .flatMap(({ requestBody, responses }) => [requestBody ?? {}, ...Object.values(responses)])
    .map(
      (part) =>
        (part as { content?: { 'application/json': { schema: unknown; example?: unknown } } }).content,
    )
  const examples = contents.flatMap((content) =>
    content?.['application/json'].example ? [content['application/json']] : [],
  )
  expect(examples).toHaveLength(9)
  for (const { schema, example } of examples) expect(problemsOf(example, schema)).toEqual([])
})

test.each([
  ['the reference backend', startReference],
  ['the Express example', startExpress],
])('describes every answer of %s to a whole check', async (_, start) => {
  const check = await checkOptions()
  backend = await start(check)
  let exchanges: readonly Exchange[] = []
  await checkBackend(
    { ...check, baseUrl: backend.baseUrl },
    {
      onExchanges: (all) => {
        exchanges = all
      },
    },
  )
  const described = exchanges.filter(({ method }) => !['TRACE', 'HEAD', 'OPTIONS'].includes(method))
  expect(described.length).toBeGreaterThan(200)
  expect(described.flatMap(differences)).toEqual([])
  expect(new Set(described.map(({ status }) => status))).toEqual(
    new Set([200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 502, 504]),
  )
})

test('notices a member that the contract does not have', () => {
  const connections = { connections: [{ ...connection, refresh_token: 'x' }] }
  const problems = problemsOf(connections, { $ref: '#/components/schemas/ConnectionsAnswer' })
  expect(problems).toEqual(['/connections/0 must NOT have additional properties'])
})

describe('docs/backend-contract.md', () => {
  const text = readFileSync(`${import.meta.dirname}/../../docs/backend-contract.md`, 'utf8')
  const exchanges = readExchanges(text)

  test('shows every operation and every error in an exchange', () => {
    const errors = exchanges.map(({ body }) => (Object(body) as { error?: string }).error).filter(Boolean)
    expect(new Set(errors)).toEqual(new Set(Object.keys(statusOf)))
    const succeeded = exchanges.filter(({ status }) => status < 300).map(({ method }) => method)
    expect(new Set(succeeded)).toEqual(new Set(['POST', 'GET', 'DELETE', 'OPTIONS']))
  })

  test.each(
    exchanges
      .filter(({ method }) => method !== 'OPTIONS')
      .map((exchange) => [`${exchange.method} ${exchange.path} ${exchange.status}`, exchange] as const),
  )('shows %s as the OpenAPI file has it', (_, exchange) => {
    // Headers that every answer has are shown once.
    for (const [name, value] of Object.entries(everyAnswer)) exchange.headers.set(name, value)
    if (!exchange.path.includes('/resource/') || exchange.status >= 400)
      exchange.headers.set('countersign', '1')
    expect(differences(exchange)).toEqual([])
  })

  test('explains every member, every error and every rule of the check', () => {
    const members = Object.values(openapi.components.schemas).flatMap(({ properties }) =>
      Object.keys(properties ?? {}),
    )
    const words = [...new Set(members), ...Object.keys(statusOf), ...rules.map(({ name }) => name)]
    expect(words.filter((word) => !text.includes(`\`${word}\``))).toEqual([])
  })
})

const connection = {
  id: 'p7Zk0Yw3mQ5rV8sT1uX2aA',
  provider: 'stitch',
  status: 'connected',
  scope: 'openid',
  missing_scope: '',
  created_at: 1_795_651_200,
  details: {},
}

const everyAnswer = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'Origin, Cookie',
}

function errorsOf(response: Readonly<Record<string, unknown>>): readonly string[] {
  const { content } = response as {
    content?: { 'application/json': { schema: { properties?: { error: { enum: string[] } } } } }
  }
  return content?.['application/json'].schema.properties?.error.enum ?? []
}

/** Reads the `http` blocks: a request, an empty line, its answer. */
function readExchanges(text: string): Exchanged[] {
  return [...text.matchAll(/```http\n(.*?)```/gs)].map((match) => {
    const [request = '', answer = ''] = (match[1] ?? '').split(/(?=^HTTP\/1\.1)/m)
    const [requestLine, requestBody] = readMessage(request)
    const [statusLine, body, headers] = readMessage(answer)
    const [, method = '', target = ''] = /^(\w+) (\S+)/.exec(requestLine) ?? []
    return {
      method,
      path: target.replace(/^\/connect/, ''),
      request: requestBody,
      status: Number(statusLine.split(' ')[1]),
      headers,
      body,
    }
  })
}

function readMessage(text: string): [line: string, body: unknown, headers: Headers] {
  const [head = '', ...body] = text.trim().split('\n\n')
  const [line = '', ...headers] = head.split('\n')
  const pairs = headers.map((header) => header.split(/:\s*(.*)/s, 2) as [string, string])
  const json = body.join('\n\n')
  return [line, json === '' ? undefined : (JSON.parse(json) as unknown), new Headers(pairs)]
}
