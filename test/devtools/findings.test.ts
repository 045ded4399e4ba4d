import { singleUser, createClient } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { http, HttpResponse } from 'msw'
import { afterEach, expect, test } from 'vitest'
import { findFindings } from '../../src/devtools/findings/findings.js'
import { inspectionOf, type Inspection } from '../../src/devtools/inspect.js'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { settled } from '../support/until.js'
import { forgetLogs, watch } from './support/watch.js'

const network = openNetwork()
afterEach(forgetLogs)

const safe = { referrerPolicy: 'no-referrer' }
const titles = async (inspection: Inspection, page: { referrerPolicy: string | undefined } = safe) =>
  (await findFindings(inspection, page)).map(({ title, provider }) =>
    provider ? `${provider}: ${title}` : title,
  )

test('nothing stands out in an app that is configured well', async () => {
  const scene = createScene(network)
  const app = scene.open(await scene.consent())
  const inspection = watch(app)
  await outcome(app)
  expect(await titles(inspection)).toEqual([])
})

test('a redirect URI that is shared is found where the server announces no iss', async () => {
  const scene = createScene(network, { callbackPages: 'shared' })
  scene.server.hostile.metadata = ({ authorization_response_iss_parameter_supported: _, ...rest }) => rest
  const app = scene.open()
  const inspection = watch(app)
  await scene.leave(app)
  await settled()
  expect(await titles(inspection)).toEqual(['bank: No `iss` is announced, and the redirect URI is shared'])
})

test('a token endpoint that gives a page no answer is found', async () => {
  const scene = createScene(network)
  const app = scene.open(await scene.consent())
  network.use(http.post(`${scene.server.issuer}/token`, () => HttpResponse.error()))
  const inspection = watch(app)
  await outcome(app)
  await settled()
  expect(await titles(inspection)).toEqual(['bank: The authorization server gave this page no answer'])
})

test.each([
  [undefined, 'The callback page has no Referrer-Policy'],
  ['unsafe-url', 'The Referrer-Policy of the callback page is unsafe-url'],
  ['no-referrer-when-downgrade', 'The Referrer-Policy of the callback page is no-referrer-when-downgrade'],
  // These spare other sites the address, and repeat it to the app's own origin.
  ['same-origin', 'The Referrer-Policy of the callback page is same-origin'],
  ['origin-when-cross-origin', 'The Referrer-Policy of the callback page is origin-when-cross-origin'],
  [
    'strict-origin-when-cross-origin',
    'The Referrer-Policy of the callback page is strict-origin-when-cross-origin',
  ],
])('a Referrer-Policy of the callback page is found where it is %s', async (referrerPolicy, title) => {
  const inspection = watch(createScene(network).open())
  expect(await titles(inspection, { referrerPolicy })).toEqual([title])
})

test.each(['no-referrer', 'origin', 'strict-origin'])(
  'a Referrer-Policy of the callback page that repeats no path is no finding: %s',
  async (referrerPolicy) => {
    const inspection = watch(createScene(network).open())
    expect(await titles(inspection, { referrerPolicy })).toEqual([])
  },
)

test('records of another app in the same namespace are found', async () => {
  const scene = createScene(network)
  const app = scene.open(await scene.consent())
  await outcome(app)
  const provider = oidc({ issuer: 'https://as.example', clientId: 'client-9', scope: 'openid' })
  const { platform } = scene.browser.open()
  const second = createClient({ subject: singleUser, providers: { elsewhere: provider }, platform })
  const inspection = inspectionOf(second)
  await settled()
  expect(await titles(inspection)).toEqual(['Another app, or an older version, uses this namespace'])
  second.dispose()
})

test('an input that is another at every render is found', async () => {
  const scene = createScene(network)
  const app = scene.open()
  const inspection = watch(app)
  for (let render = 0; render < 6; render++)
    await app.client.authorization('bank', { returnTo: `/?${String(render)}` }).prepareAsync()
  await settled()
  expect(await titles(inspection)).toEqual(['The input of a provider is not stable'])
})

test('ID Tokens that no key can check are found', async () => {
  const scene = createScene(network)
  scene.server.hostile.metadata = ({ jwks_uri: _, ...rest }) => rest
  const app = scene.open()
  const inspection = watch(app)
  await app.client.authorization('bank').authorizeAsync()
  await settled()
  expect(await titles(inspection)).toEqual(['bank: No keys are known for ID Tokens'])
})
