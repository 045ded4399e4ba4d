import { createClient, singleUser } from 'countersign/core'
import { backend, defineProvider } from 'countersign/providers'
import { createTestClient } from 'countersign/testing'
import { HttpResponse } from 'msw'
import { afterEach, describe, expect, test } from 'vitest'
import { toJson } from '../../src/devtools/export/to-json.js'
import { toSvg } from '../../src/devtools/export/to-svg.js'
import { holdersAfter } from '../../src/devtools/flow/holders.js'
import { titleOf } from '../../src/devtools/flow/titles.js'
import { inspectionOf } from '../../src/devtools/inspect.js'
import { createStorage } from '../../src/devtools/log/storage.js'
import { openDatabase } from '../../src/platform/database.js'
import { createScene } from '../support/app.js'
import { refusal } from '../support/backend.js'
import { createBrowser, createPopup } from '../support/browser.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { leaksOf } from '../support/secrets.js'
import { eventually, settled, until } from '../support/until.js'
import { eventsOf, flowsIn, forgetLogs, kindsOf, watch } from './support/watch.js'

const network = openNetwork()
afterEach(forgetLogs)

/** Connects a provider from the click to the outcome, and watches both pages. */
async function connect(name: 'bank' | 'mediated' | 'bff' = 'bank') {
  const scene = createScene(network)
  const app = scene.open()
  const before = watch(app)
  const url = await scene.leave(app, name)
  await before.log.saved()
  const back = name === 'bank' ? scene.server.visit(url) : scene.backend.visit(url)
  app.client.dispose()
  const page = scene.open(back)
  const after = watch(page)
  const state = await outcome(page)
  await eventsOf(after, 'redeemed')
  await settled()
  return { ...scene, state, page, inspection: after }
}

describe('a flow', () => {
  test('is followed over the redirect, from the click to the stored connection', async () => {
    const { inspection, state } = await connect()
    expect(state.status).toBe('connected')
    const [flow, ...others] = flowsIn(inspection)
    expect(others).toEqual([])
    expect(flow).toMatchObject({ provider: 'bank', mode: 'browser', status: 'connected' })
    expect(kindsOf(flow)).toEqual([
      'metadata',
      'prepared',
      'left',
      'at_provider',
      'returned',
      'keys',
      'redeemed',
      'stored',
    ])
  })

  test('passes every check of the response and of the ID Token when it connects', async () => {
    const { inspection } = await connect()
    const [flow] = flowsIn(inspection)
    const checks = flow!.events.flatMap((event) => event.checks ?? [])
    expect(checks.filter(({ result }) => result === 'passed').length).toBeGreaterThan(12)
    expect(checks.filter(({ result }) => result === 'failed')).toEqual([])
  })

  test.each(['mediated', 'bff'] as const)(
    'shows what the backend does in %s mode as inferred, for the page cannot see it',
    async (name) => {
      const { inspection } = await connect(name)
      const [flow] = flowsIn(inspection)
      expect(kindsOf(flow)).toEqual([
        'authorization',
        'prepared',
        'left',
        'at_provider',
        'returned',
        'redeemed',
        'backend_redeems',
        'stored',
      ])
      const inferred = flow!.events.filter((event) => event.inferred)
      expect(inferred.map(({ kind }) => kind)).toEqual(['at_provider', 'backend_redeems'])
      expect(flow!.events.filter(({ kind }) => kind === 'redeemed').map(({ to }) => to)).toEqual(['backend'])
    },
  )

  test('names the check that failed, and none after it', async () => {
    const scene = createScene(network)
    scene.server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
    const page = scene.open(await scene.consent())
    const inspection = watch(page)
    await outcome(page)
    await settled()
    const [flow] = flowsIn(inspection)
    expect(flow).toMatchObject({
      status: 'failed',
      error: { code: 'id_token_invalid', parameter: 'nonce', recovery: 'authorize' },
    })
    const { checks = [] } = flow!.events.find(({ kind }) => kind === 'redeemed')!
    const failed = checks.findIndex(({ result }) => result === 'failed')
    expect(checks[failed]?.name).toBe('nonce is the one of the request')
    expect(new Set(checks.slice(0, failed).map(({ result }) => result))).toEqual(new Set(['passed']))
    expect(new Set(checks.slice(failed + 1).map(({ result }) => result))).toEqual(new Set(['skipped']))
  })

  test('that this browser did not begin is shown as refused by its state', async () => {
    const scene = createScene(network)
    const page = scene.open(`/callback/bank?code=stolen&state=${'a'.repeat(43)}&iss=${scene.server.issuer}`)
    const inspection = watch(page)
    await outcome(page)
    await eventsOf(inspection, 'callback')
    const [flow] = flowsIn(inspection)
    expect(flow).toMatchObject({ id: 'a'.repeat(16), status: 'failed', error: { code: 'state_unknown' } })
    expect(flow!.events[0]?.checks?.[0]).toMatchObject({ result: 'failed', section: 'RFC 6749 §10.12' })
  })

  test('that another issuer answered fails at iss, and stays under way', async () => {
    const scene = createScene(network)
    const url = new URL(await scene.consent())
    url.searchParams.set('iss', 'https://attacker.example')
    const page = scene.open(url.href)
    const inspection = watch(page)
    await outcome(page)
    await eventsOf(inspection, 'callback')
    const [flow] = flowsIn(inspection)
    const { checks = [] } = flow!.events.find(({ kind }) => kind === 'returned')!
    expect(checks.find(({ result }) => result === 'failed')).toMatchObject({ section: 'RFC 9207 §2.4' })
  })

  test('is followed through a popup, in the page that opened it and in the popup', async () => {
    const scene = createScene(network)
    const popup = createPopup()
    const app = scene.open('/', { popup })
    const opener = watch(app)
    const authorization = app.client.authorization('bank', { display: 'popup' })
    const ending = authorization.authorizeAsync()
    await until(authorization, 'waiting')
    const inPopup = watch(scene.open(scene.server.visit(popup.shows)))
    expect((await ending).status).toBe('connected')
    for (const inspection of [opener, inPopup]) {
      await eventsOf(inspection, 'stored')
      const [flow, ...others] = flowsIn(inspection)
      expect(others).toEqual([])
      expect(flow).toMatchObject({ provider: 'bank', status: 'connected' })
      // Both windows fetch what they need to know of the server.
      expect(new Set(kindsOf(flow))).toEqual(
        new Set(['metadata', 'prepared', 'left', 'at_provider', 'returned', 'keys', 'redeemed', 'stored']),
      )
    }
    expect(opener.log.get().filter(({ kind }) => kind === 'redeemed')).toHaveLength(1)
    expect(leaksOf([opener.log.get(), inPopup.log.get()])).toEqual([])
  })

  test('ends with what the person decided', async () => {
    const scene = createScene(network)
    const page = scene.open(await scene.consent({}, { error: 'access_denied' }))
    const inspection = watch(page)
    await outcome(page)
    await eventsOf(inspection, 'ended')
    expect(flowsIn(inspection)[0]).toMatchObject({ status: 'denied', error: { error: 'access_denied' } })
  })
})

describe('a click after which nobody leaves', () => {
  test('is a flow of its own that has failed, with what was asked of the server', async () => {
    const scene = createScene(network)
    scene.server.hostile.discovery = () => HttpResponse.error()
    const app = scene.open()
    const inspection = watch(app)
    for (let click = 0; click < 2; click++) {
      await app.client.authorization('bank').authorizeAsync()
      await settled()
    }
    const flows = flowsIn(inspection)
    expect(flows).toHaveLength(2)
    for (const flow of flows) {
      expect(flow).toMatchObject({ provider: 'bank', mode: 'browser', status: 'failed' })
      expect(flow.error).toMatchObject({ code: 'network_error' })
      expect(new Set(kindsOf(flow))).toEqual(new Set(['metadata', 'not_left']))
    }
    const ids = flows.flatMap(({ events }) => events.map(({ id }) => id))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('is told with the request that was refused', async () => {
    const scene = createScene(network)
    scene.backend.hostile.answer = () => refusal('provider_error', 502)
    const app = scene.open()
    const inspection = watch(app)
    await app.client.authorization('mediated').authorizeAsync()
    await settled()
    const [flow, ...others] = flowsIn(inspection)
    expect(others).toEqual([])
    expect(flow).toMatchObject({ provider: 'mediated', status: 'failed', error: { code: 'provider_error' } })
    expect(kindsOf(flow)).toEqual(['authorization', 'not_left'])
  })

  test('is told of a connection that was to be renewed, too', async () => {
    const { page, inspection, backend } = await connect('mediated')
    const { connection } = await until(page.client.tokens('mediated'), 'connected')
    backend.hostile.answer = () => refusal('provider_error', 502)
    await page.client.authorization('mediated', { connection: connection.id }).authorizeAsync()
    expect(await eventsOf(inspection, 'not_left')).toMatchObject([{ error: { code: 'provider_error' } }])
  })

  test('is not what a popup comes to that has failed', async () => {
    const scene = createScene(network)
    const popup = createPopup()
    const app = scene.open('/', { popup })
    const inspection = watch(app)
    const authorization = app.client.authorization('bank', { display: 'popup' })
    const ending = authorization.authorizeAsync()
    await until(authorization, 'waiting')
    scene.server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
    watch(scene.open(scene.server.visit(popup.shows)))
    expect((await ending).status).toBe('failed')
    await eventsOf(inspection, 'ended')
    await settled()
    expect(flowsIn(inspection).map(({ status }) => status)).toEqual(['failed'])
    expect(inspection.log.get().filter(({ kind }) => kind === 'not_left')).toEqual([])
  })
})

test('that the page left is stored before it leaves', async () => {
  const scene = createScene(network)
  const app = scene.open()
  const { namespace } = watch(app)
  await scene.leave(app)
  const stored = await createStorage(openDatabase(`${namespace}-devtools`)).read()
  expect(stored?.events.map(({ kind }) => kind)).toContain('left')
})

test('a refusal comes back before the flow ends with it', async () => {
  const scene = createScene(network)
  const page = scene.open(await scene.consent({}, { error: 'invalid_scope' }))
  const inspection = watch(page)
  await outcome(page)
  await eventsOf(inspection, 'callback')
  const kinds = kindsOf(flowsIn(inspection)[0])
  expect(kinds.indexOf('returned')).toBeLessThan(kinds.indexOf('ended'))
})

test('a flow begins with its own click: what an earlier one asked for is not told again', async () => {
  const scene = createScene(network)
  const app = scene.open()
  const inspection = watch(app)
  await scene.leave(app)
  scene.browser.clock.advance(3)
  const page = scene.open()
  const later = watch(page)
  await scene.leave(page)
  await inspection.log.saved()
  await eventually(() => {
    const flows = flowsIn(later)
    expect(flows.map(kindsOf)).toEqual([
      ['prepared', 'left'],
      ['metadata', 'prepared', 'left'],
    ])
    expect(flows[0]!.startedAt - flows[1]!.startedAt).toBeGreaterThanOrEqual(3000)
  })
})

test('a flow does not begin with the keys that the one before has fetched', async () => {
  const { page, inspection, leave, browser } = await connect()
  browser.clock.advance(3)
  await leave(page)
  expect(kindsOf(flowsIn(inspection)[0])).toEqual(['prepared', 'left'])
})

test('a response that nobody began leaves no secret with anybody but the one who sent it', async () => {
  const page = createScene(network).open(`/callback/bank?code=stolen&state=${'a'.repeat(43)}`)
  const inspection = watch(page)
  await outcome(page)
  await eventsOf(inspection, 'callback')
  const [flow] = flowsIn(inspection)
  expect(holdersAfter(flow!, flow!.events.length - 1, false)).toEqual({})
})

test('what was prepared and nobody left for is not said to be under way', async () => {
  const app = createScene(network).open()
  const inspection = watch(app)
  await app.client.authorization('bank').prepareAsync()
  await eventsOf(inspection, 'prepared')
  expect(flowsIn(inspection).map(({ status }) => status)).toEqual(['prepared'])
})

describe('a renewal of an access token', () => {
  test('counts its callers and its requests', async () => {
    const { page, browser, inspection, server } = await connect()
    const state = await until(page.client.tokens('bank'), 'connected')
    browser.clock.advance(7200)
    const before = server.requests.token.length
    await Promise.all(Array.from({ length: 20 }, () => state.getAccessToken()))
    const [renewal] = await eventsOf(inspection, 'renewal')
    expect(renewal).toMatchObject({ callers: 20, requests: 1, outcome: 'renewed' })
    expect(server.requests.token.length - before).toBe(1)
  })

  test('tells why it failed', async () => {
    const { page, browser, inspection, server } = await connect()
    const state = await until(page.client.tokens('bank'), 'connected')
    browser.clock.advance(7200)
    server.hostile.token = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    await expect(state.getAccessToken()).rejects.toThrow()
    const [renewal] = await eventsOf(inspection, 'renewal')
    expect(renewal).toMatchObject({ outcome: 'failed', error: { recovery: expect.any(String) as string } })
    const refresh = inspection.log.get().find(({ kind }) => kind === 'refresh')
    expect(refresh).toMatchObject({ status: 400, error: { error: 'invalid_grant' } })
  })
})

describe('a search for institutions', () => {
  test('is noted as what it is, without what the person has typed', async () => {
    const browser = createBrowser()
    const { platform } = browser.open('/')
    const common = {
      clientId: 'client-1',
      scope: 'openid',
      authorizationEndpoint: 'https://as.example/authorize',
    }
    const client = createClient({
      subject: singleUser,
      providers: {
        bank: defineProvider({
          ...common,
          label: 'Bank',
          channel: backend('bff'),
          toInput: ({ branch }: { branch: string }) => ({ branch }),
          toInstitutionInput: (branch) => ({ branch }),
        }),
      },
      backend: {
        url: '/connect',
        fetch: () =>
          Promise.resolve(
            Response.json({ institutions: [], connections: [] }, { headers: { countersign: '1' } }),
          ),
      },
      platform,
    })
    const inspection = watch({ client })
    const stop = client.institutions('bank', { query: 'larkspur' }).subscribe(() => undefined)
    const event = await eventually(() => {
      // Nothing is asked for while the person may be typing.
      browser.clock.advance(0.2)
      const found = inspection.log.get().find(({ kind }) => kind === 'institutions')
      if (!found) throw new Error('nothing was asked for')
      return found
    })
    stop()
    client.dispose()
    expect(event).toMatchObject({ provider: 'bank', to: 'backend', status: 200 })
    expect(titleOf(event)).toBe('Institutions listed')
    expect(JSON.stringify(inspection.log.get())).not.toContain('larkspur')
  })
})

describe('no secret', () => {
  test.each(['bank', 'mediated', 'bff'] as const)(
    'of a flow in %s reaches the log, the JSON or the picture',
    async (name) => {
      const { inspection, page } = await connect(name)
      const state = await until(page.client.tokens(name), 'connected')
      if (name !== 'bff') await (state as { getAccessToken: () => Promise<unknown> }).getAccessToken()
      await settled()
      const [flow] = flowsIn(inspection)
      expect(leaksOf(inspection.log.get())).toEqual([])
      expect(leaksOf([toJson(flow!), toSvg(flow!)])).toEqual([])
      expect(toJson(flow!)).toContain('"characters"'.slice(1, -1))
    },
  )

  test('that a server puts where it does not belong is shown', async () => {
    const scene = createScene(network)
    let token = ''
    scene.server.hostile.tokens = (body) => {
      token = String(body['access_token'])
      return { ...body, scope: `openid ${token}`, token_type: token, [token]: token, error: token }
    }
    const page = scene.open(await scene.consent())
    const inspection = watch(page)
    await outcome(page)
    await eventsOf(inspection, 'redeemed')
    expect(token).not.toBe('')
    const { answer = [] } = inspection.log.get().find(({ kind }) => kind === 'redeemed')!
    expect(answer).toContainEqual({ name: 'scope', value: 'openid (and 1 that this app did not ask for)' })
    expect(JSON.stringify([inspection.log.get(), toJson(flowsIn(inspection)[0]!)])).not.toContain(token)
  })
})

describe('inspecting', () => {
  test('twice is inspecting once', () => {
    const { client } = createScene(network).open()
    const inspection = inspectionOf(client)
    expect(inspectionOf(client)).toBe(inspection)
    inspection.log.close()
  })

  test('a client of another make says what to do', () => {
    expect(() => inspectionOf(createTestClient())).toThrow(/createClient\(\)/)
  })

  test('closes with the client', async () => {
    const scene = createScene(network)
    const closed = watch(scene.open())
    const watching = watch(scene.open())
    const other = watch(scene.open())
    closed.client.dispose()
    other.log.add({ kind: 'session', from: 'page', to: 'page' })
    await eventsOf(watching, 'session')
    await settled()
    expect(closed.log.get().filter(({ kind }) => kind === 'session')).toEqual([])
  })
})
