// What a click asks a server before the code is here that reads the answer.
import { createClient, singleUser, type ClientOptions } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { expect, test } from 'vitest'
import type { DirectSettings } from '../../../src/core/channel/direct-settings.js'
import type { ProviderChannel } from '../../../src/core/provider.js'
import { metadataKey } from '../../../src/core/records/keys.js'
import { createScene, type Scene } from '../../support/app.js'
import type { PageOptions } from '../../support/browser.js'
import { openNetwork } from '../../support/network.js'
import { eventually, settled } from '../../support/until.js'

const network = openNetwork()
const issuer = 'https://as.example'

/** A page of an app with one bank. Its requests are counted, and the code of its channel comes when `arrive` is called. */
function open(
  { browser }: Scene,
  {
    subject = singleUser,
    settings = {},
    ...page
  }: PageOptions & {
    readonly subject?: ClientOptions['subject']
    readonly settings?: DirectSettings
  } = {},
) {
  const asked: string[] = []
  const { platform, left } = browser.open('/', {
    fetch: (url, init) => {
      asked.push(url as string)
      return fetch(url, init)
    },
    ...page,
  })
  const bank = oidc({ issuer, clientId: 'client-1', scope: 'openid accounts' })
  let arrive = (): void => undefined
  const arrival = new Promise<void>((resolve) => (arrive = resolve))
  const channel: ProviderChannel = { ...bank.channel, settings, load: () => arrival.then(bank.channel.load) }
  const client = createClient({ subject, providers: { bank: { ...bank, channel } }, platform })
  return { asked, left, arrive, bank: client.authorization('bank') }
}

test('the metadata is asked for while the code of the channel is on its way, and once', async () => {
  const page = open(createScene(network))
  page.bank.authorize()
  await eventually(() => {
    expect(page.asked).toEqual([`${issuer}/.well-known/openid-configuration`])
  })
  page.arrive()
  await eventually(() => {
    expect(page.left).toHaveLength(1)
  })
  expect(page.asked).toHaveLength(1)
})

test('what was asked for on hover serves the click', async () => {
  const page = open(createScene(network))
  page.bank.prepare()
  page.bank.authorize()
  page.arrive()
  await eventually(() => {
    expect(page.left).toHaveLength(1)
  })
  expect(page.asked).toHaveLength(1)
})

test.each<[string, Parameters<typeof open>[1]]>([
  ['the app gives the metadata', { settings: { metadata: { token_endpoint: `${issuer}/token` } } }],
  ['nobody is signed in', { subject: null }],
])('nothing is asked for where %s', async (_name, options) => {
  const page = open(createScene(network), options)
  page.bank.authorize()
  await settled()
  expect(page.asked).toEqual([])
})

test('stored metadata is read before the code is here, and nothing is asked for', async () => {
  const scene = createScene(network)
  const first = open(scene)
  first.arrive()
  first.bank.authorize()
  await eventually(async () => {
    expect((await scene.browser.records()).has(metadataKey('bank'))).toBe(true)
  })
  const second = open(scene)
  second.bank.authorize()
  await settled()
  second.arrive()
  await eventually(() => {
    expect(second.left).toHaveLength(1)
  })
  expect(second.asked).toEqual([])
})

test('an answer that another server would give is refused as ever', async () => {
  const scene = createScene(network)
  scene.server.hostile.metadata = (document) => ({ ...document, issuer: 'https://other.example' })
  const page = open(scene)
  page.bank.authorize()
  page.arrive()
  await eventually(() => {
    expect(page.bank.get()).toMatchObject({
      status: 'failed',
      error: { code: 'metadata_invalid', parameter: 'issuer' },
    })
  })
  expect(page.left).toEqual([])
})

test('after a server in trouble the next click asks again', async () => {
  const scene = createScene(network)
  scene.server.hostile.discovery = () => HttpResponse.json({}, { status: 503 })
  const page = open(scene)
  page.bank.authorize()
  page.arrive()
  await eventually(() => {
    expect(page.bank.get().status).toBe('failed')
  })
  delete scene.server.hostile.discovery
  page.bank.authorize()
  await eventually(() => {
    expect(page.left).toHaveLength(1)
  })
})

test('a server that never answers is given up with its connection', async () => {
  const signals: AbortSignal[] = []
  const silent: typeof fetch = (_url, init) =>
    new Promise((_resolve, reject) => {
      const { signal } = init ?? {}
      if (!signal) return
      signals.push(signal)
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
    })
  const page = open(createScene(network), { fetch: silent })
  page.bank.authorize()
  await eventually(() => {
    expect(signals).toHaveLength(1)
  })
  page.arrive()
  await eventually(() => {
    expect(signals[0]?.aborted).toBe(true)
    expect(page.bank.get()).toMatchObject({ status: 'failed', error: { code: 'network_error' } })
  })
})
