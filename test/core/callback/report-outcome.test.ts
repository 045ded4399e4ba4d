import type { Outcome } from 'countersign/core'
import { HttpResponse } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import { openDatabase } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createScene, stateOf, type Scene } from '../../support/app.js'
import { createPopup } from '../../support/browser.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()
const appState = { from: 'basket', items: [1, 2] }

/** Pages that note what the app is told. */
function createTold() {
  const told: Outcome[] = []
  const scene = createScene(network)
  const onOutcome = (outcome: Outcome): void => {
    told.push(outcome)
  }
  const open: Scene['open'] = (page, setting) => scene.open(page, { onOutcome, ...setting })
  return { scene, told, open }
}

/** A popup at the bank, and the page that opened it. Each notes for itself what the app is told. */
async function openPopup() {
  const scene = createScene(network)
  const popup = createPopup()
  const told: { opener: Outcome[]; popup: Outcome[] } = { opener: [], popup: [] }
  const app = scene.open('/', { popup, onOutcome: (one) => told.opener.push(one) })
  const authorization = app.client.authorization('bank', { display: 'popup', appState })
  const result = authorization.authorizeAsync()
  const { cancel } = await until(authorization, 'waiting')
  const answer = (visit: Parameters<typeof scene.server.visit>[1] = {}) =>
    scene.open(scene.server.visit(popup.shows, visit), { onOutcome: (one) => told.popup.push(one) })
  return { scene, app, authorization, result, cancel, told, answer }
}

describe('a redirect', () => {
  test('tells of a connection once it is stored and on the list, with the state of the app', async () => {
    const { scene, open } = createTold()
    const seen: unknown[] = []
    const app = open(await scene.consent({ returnTo: '/accounts', appState }), {
      onOutcome: (outcome) => {
        const { connections } = app.client
        seen.push([outcome, connections.get()])
      },
    })
    const { connection } = await until(app.client.callback, 'connected')
    expect(seen).toEqual([
      [
        { status: 'connected', provider: 'bank', connection, returnTo: '/accounts', appState },
        { status: 'ready', connections: [connection], abandoned: [] },
      ],
    ])
    expect((await scene.browser.records()).has(`connection:${connection.id}`)).toBe(true)
    expect(app.client.callback.get()).toMatchObject({ appState })
  })

  test('tells nothing again at a reload and in a second tab, which show the same', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.consent({ appState })
    const first = open(url)
    const second = open(url)
    expect(await outcome(first)).toMatchObject({ status: 'connected', appState })
    expect(await outcome(second)).toMatchObject({ status: 'connected', appState })
    expect(await outcome(open(first.reload()))).toMatchObject({ status: 'connected', appState })
    expect(told).toHaveLength(1)
  })

  test.each([
    ['denied', { error: 'access_denied' }],
    ['failed', { error: 'server_error' }],
  ] as const)('tells once that it is %s', async (status, visit) => {
    const { scene, told, open } = createTold()
    const app = open(await scene.consent({ returnTo: '/back', appState }, visit))
    await until(app.client.callback, status)
    await outcome(open(app.reload()))
    expect(told).toMatchObject([{ status, provider: 'bank', returnTo: '/back', appState }])
    expect(told[0]).toHaveProperty('restart')
  })

  test('tells once that it is cancelled', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.leave(scene.open(), 'mediated', { appState })
    const back = `/callback/mediated?state=${stateOf(url)}&iss=${scene.server.issuer}`
    const app = open(back)
    await until(app.client.callback, 'cancelled')
    await outcome(open(app.reload()))
    expect(told).toMatchObject([{ status: 'cancelled', provider: 'mediated', appState }])
  })

  test('tells of a code that is refused', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.consent()
    scene.server.hostile.token = () => HttpResponse.json({ error: 'invalid_grant' }, { status: 400 })
    await until(open(url).client.callback, 'failed')
    expect(told).toMatchObject([{ status: 'failed', error: { code: 'token_error' } }])
  })

  test('tells nothing of a failure in which nothing is lost, and then what came of it', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.consent({ appState })
    scene.server.hostile.token = () => HttpResponse.error()
    const { client } = open(url)
    const failed = await until(client.callback, 'failed')
    expect(failed).toMatchObject({ appState })
    expect(told).toEqual([])
    delete scene.server.hostile.token
    failed.resume?.()
    await until(client.callback, 'connected')
    expect(told).toMatchObject([{ status: 'connected', appState }])
  })

  test('tells nothing while nobody is signed in', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.consent({ appState }, {}, { subject: 'anna' })
    const { client } = open(url, { subject: null })
    const state = await until(client.callback, 'sign_in_required')
    expect(state).not.toHaveProperty('appState')
    expect(told).toEqual([])
    client.setSubject('anna')
    await until(client.callback, 'connected')
    expect(told).toMatchObject([{ status: 'connected', appState }])
  })

  test('gives the state of the app to nobody but the user who began it', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.consent({ appState }, {}, { subject: 'anna' })
    const { client } = open(url, { subject: 'berta' })
    const state = await until(client.callback, 'failed')
    expect(state).not.toHaveProperty('appState')
    expect(told).toEqual([{ status: 'failed', error: state.error, returnTo: '/' }])
  })

  test('tells nothing of a response that ends nothing', async () => {
    const { told, open } = createTold()
    await until(open('/callback/bank?code=c&state=s').client.callback, 'failed')
    expect(told).toEqual([])
  })

  test('tells once when the result is stored at the second attempt, however often that is asked for', async () => {
    const { scene, told, open } = createTold()
    const url = await scene.consent()
    const real = openDatabase('countersign')
    let isBroken = false
    scene.server.hostile.tokens = (body) => {
      isBroken = true
      return body
    }
    const { client } = open(url, {
      database: {
        ...real,
        change: (keys, change) => (isBroken ? Promise.reject(new StorageError()) : real.change(keys, change)),
      },
    })
    const { resumeAsync } = await until(client.callback, 'failed')
    expect(told).toEqual([])
    isBroken = false
    await Promise.all([resumeAsync?.(), resumeAsync?.()])
    expect(told).toMatchObject([{ status: 'connected' }])
  })
})

describe('a popup', () => {
  test('tells the page that opened it of a connection', async () => {
    const { result, told, answer } = await openPopup()
    answer()
    expect(await result).toMatchObject({ status: 'connected', appState })
    await settled()
    expect(told).toMatchObject({ opener: [{ status: 'connected', appState }], popup: [] })
  })

  test.each([
    ['denied', { error: 'access_denied' }],
    ['failed', { error: 'server_error' }],
  ] as const)('tells the page that opened it that it is %s, once', async (status, visit) => {
    const { result, told, answer } = await openPopup()
    const inPopup = answer(visit)
    expect(await result).toMatchObject({ status, appState })
    await until(inPopup.client.callback, status)
    expect(told).toMatchObject({ opener: [{ status, appState }], popup: [] })
  })

  test.each([
    ['connected', {}],
    ['denied', { error: 'access_denied' }],
  ] as const)('is told that it is %s where the page that opened it is gone', async (status, visit) => {
    const { scene, app, told, answer } = await openPopup()
    app.client.dispose()
    const inPopup = answer(visit)
    const { clock } = scene.browser
    const begun = clock.now()
    // The wait for the page that opened it may begin late on a busy machine; the code must not expire meanwhile.
    do {
      await settled()
      if (clock.now() - begun < 30) clock.advanceToNext(10)
    } while (['none', 'pending'].includes(inPopup.client.callback.get().status))
    await until(inPopup.client.callback, status)
    expect(told).toMatchObject({ opener: [], popup: [{ status, appState }] })
  })

  test('that the app closes is cancelled', async () => {
    const { cancel, result, told } = await openPopup()
    cancel()
    expect((await result).status).toBe('closed')
    expect(told).toMatchObject({ opener: [{ status: 'cancelled', appState }], popup: [] })
  })
})

describe('a function of the app that fails', () => {
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('of the app')
      },
    ],
    ['rejects', () => Promise.reject(new Error('of the app'))],
  ])('and %s is reported, and disturbs nothing', async (_name, onOutcome) => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const scene = createScene(network)
    const { client } = scene.open(await scene.consent(), { onOutcome })
    await until(client.callback, 'connected')
    await until(client.tokens('bank'), 'connected')
    await eventually(() => {
      expect(reported).toHaveBeenCalledExactlyOnceWith(new Error('of the app'))
    })
  })
})

describe('the state of the app', () => {
  test('goes to neither the provider nor the backend, and into no event and no address', async () => {
    const marker = 'marker-of-the-app'
    const scene = createScene(network)
    const page = scene.open()
    const url = await scene.leave(page, 'mediated', { appState: { marker } })
    const app = scene.open(scene.backend.visit(url))
    await until(app.client.callback, 'connected')
    expect(scene.backend.calls.length).toBeGreaterThan(1)
    for (const seen of [url, scene.backend.calls, page.events, app.events, app.url, app.replacements])
      expect(JSON.stringify(seen)).not.toContain(marker)
    expect(app.client.callback.get()).toMatchObject({ appState: { marker } })
  })

  test('that is not JSON is a mistake of the app, before anybody is sent away', async () => {
    const scene = createScene(network)
    const app = scene.open()
    const { authorizeAsync } = app.client.authorization('bank', { appState: 'x'.repeat(2049) })
    await expect(authorizeAsync()).rejects.toThrow(TypeError)
    expect(app.left).toEqual([])
  })

  test('goes with the record of the transaction', async () => {
    const scene = createScene(network)
    const { client } = scene.open(await scene.consent({ appState: 'marker-of-the-app' }))
    await until(client.callback, 'connected')
    const stored = async () => JSON.stringify([...(await scene.browser.records())])
    expect(await stored()).toContain('marker-of-the-app')
    scene.browser.clock.advance(3601)
    await scene.leave(scene.open())
    await eventually(async () => expect(await stored()).not.toContain('marker-of-the-app'))
  })

  test('is given again to who begins again', async () => {
    const { scene, told, open } = createTold()
    const app = open(await scene.consent({ appState }, { error: 'access_denied' }))
    const left = app.leaving()
    ;(await until(app.client.callback, 'denied')).restart()
    await until(open(scene.server.visit(await left)).client.callback, 'connected')
    expect(told).toMatchObject([{ status: 'denied' }, { status: 'connected', appState }])
  })
})
