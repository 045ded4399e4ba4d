import { StepUpError } from 'countersign/core'
import { http } from 'msw'
import { describe, expect, test } from 'vitest'
import { readStepUp } from '../../../src/protocol/step-up.js'
import { createScene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome, refusal } from '../../support/outcome.js'
import { errorOf } from '../../support/refusal.js'
import { until } from '../../support/until.js'

const network = openNetwork()

const challenge =
  'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="phr phrh", max_age="600"'

const answerOf = (header: string, status = 401) =>
  new Response(null, { status, headers: { 'www-authenticate': header } })

/** A page with a connection whose API wants more of the person. */
async function openConnected() {
  const scene = createScene(network)
  const app = scene.open(await scene.consent())
  await outcome(app)
  const sent: (string | null)[] = []
  network.use(
    http.all('https://as.example/api/v1/payments', ({ request }) => {
      sent.push(request.headers.get('authorization'))
      return answerOf(challenge)
    }),
  )
  const state = await until(app.client.tokens('bank'), 'connected')
  return { scene, app, state, sent }
}

/** A page with a connection through the backend. */
async function openBackend(name: 'mediated' | 'bff') {
  const scene = createScene(network)
  const app = scene.open(scene.backend.visit(await scene.leave(scene.open(), name)))
  await outcome(app)
  return { scene, app, state: await until(app.client.tokens(name), 'connected') }
}

describe('an API that wants the person to sign in by a stronger way', () => {
  test('is said with what it wants, and no other token is asked for', async () => {
    const { scene, app, state, sent } = await openConnected()
    const before = scene.server.requests.token.length
    const error = await errorOf(() => state.fetch('payments'))
    expect(error).toBeInstanceOf(StepUpError)
    expect(error).toMatchObject({
      code: 'step_up_required',
      recovery: 'authorize',
      acrValues: ['phr', 'phrh'],
      maxAgeSeconds: 600,
    })
    expect(sent).toHaveLength(1)
    expect(scene.server.requests.token).toHaveLength(before)
    // For other requests it is as good as before.
    expect(app.client.tokens('bank').get()).toMatchObject({ status: 'connected' })
  })

  test('gets it: the renewal asks for it, and the ID Token must confirm it', async () => {
    const { scene, app, state } = await openConnected()
    const error = await errorOf(() => state.fetch('payments'))
    if (!(error instanceof StepUpError)) throw error
    const { acrValues, maxAgeSeconds } = error
    const input = { connection: state.connection.id, acrValues, maxAgeSeconds }
    const weak = await scene.leave(app, 'bank', input)
    const asked = new URL(weak).searchParams
    expect([asked.get('acr_values'), asked.get('max_age')]).toEqual(['phr phrh', '600'])
    expect(await refusal(scene.open(scene.server.visit(weak)))).toMatchObject({ code: 'id_token_invalid' })

    scene.server.hostile.claims = (good) => ({
      ...good,
      acr: 'phr',
      auth_time: Math.floor(scene.browser.clock.now()),
    })
    const strong = await scene.leave(scene.open('/'), 'bank', input)
    expect(await outcome(scene.open(scene.server.visit(strong)))).toMatchObject({
      status: 'connected',
      connection: { id: state.connection.id },
    })
  })

  test.each([
    ['browser', 'bank', 'https://as.example/api/v1/payments'],
    ['mediated', 'mediated', 'https://api.example/v1/payments'],
  ] as const)(
    'is said in %s mode, too, of the token that replaced a refused one',
    async (_mode, name, url) => {
      const { state } = name === 'bank' ? await openConnected() : await openBackend(name)
      const answers = [answerOf('Bearer error="invalid_token"'), answerOf(challenge)]
      network.use(http.all(url, () => answers.shift()))
      expect(await errorOf(() => state.fetch('payments'))).toMatchObject({
        name: 'StepUpError',
        acrValues: ['phr', 'phrh'],
        maxAgeSeconds: 600,
      })
      expect(answers).toEqual([])
    },
  )

  test('is said in mediated mode, too, and what it wants goes to the backend with the renewal', async () => {
    const { scene, app, state } = await openBackend('mediated')
    network.use(http.all('https://api.example/v1/payments', () => answerOf(challenge)))
    const error = await errorOf(() => state.fetch('payments'))
    if (!(error instanceof StepUpError)) throw error
    const { acrValues, maxAgeSeconds } = error
    await scene.leave(app, 'mediated', { connection: state.connection.id, acrValues, maxAgeSeconds })
    const asked = scene.backend.calls.filter(({ path }) => path === '/mediated/authorization').at(-1)
    expect(asked?.body).toMatchObject({ acr_values: 'phr phrh', max_age: 600 })
  })

  test.each([
    ['as the backend says it', { acr_values: 'phr phrh', max_age: 0 }, [['phr', 'phrh'], 0]],
    ['also where the backend does not say what', {}, [undefined, undefined]],
    ['also where that cannot be read', { acr_values: 7, max_age: -1 }, [undefined, undefined]],
  ])('is said in bff mode, %s', async (_title, members, wanted) => {
    const { scene, state } = await openBackend('bff')
    scene.backend.hostile.answer = ({ path }) =>
      path.includes('/resource/')
        ? Response.json(
            { error: 'step_up_required', ...members },
            { status: 409, headers: { countersign: '1' } },
          )
        : undefined
    const error = await errorOf(() => state.fetch('payments'))
    if (!(error instanceof StepUpError)) throw error
    expect([error.acrValues, error.maxAgeSeconds]).toEqual(wanted)
  })

  test('is not meant by an API whose own answer has the same word', async () => {
    const { scene, state } = await openBackend('bff')
    const answer = Response.json({ error: 'step_up_required' }, { status: 409 })
    scene.backend.hostile.answer = ({ path }) => (path.includes('/resource/') ? answer : undefined)
    expect(await (await state.fetch('payments')).json()).toEqual({ error: 'step_up_required' })
  })
})

describe('a challenge', () => {
  test.each<[string, Response, readonly unknown[]]>([
    ['with both', answerOf(challenge), [['phr', 'phrh'], 600]],
    ['without either', answerOf('Bearer error="insufficient_user_authentication"'), [undefined, undefined]],
    [
      'after another one',
      answerOf('Basic realm="x", DPoP algs="ES256", error=insufficient_user_authentication, max_age=0'),
      [undefined, 0],
    ],
    [
      'with a time that is none',
      answerOf('Bearer error="insufficient_user_authentication", max_age="-1"'),
      [undefined, undefined],
    ],
  ])('%s is read', (_title, answer, expected) => {
    const asked = readStepUp(answer)
    expect([asked?.acrValues, asked?.maxAgeSeconds]).toEqual(expected)
  })

  test.each([
    ['of another error', answerOf('Bearer error="invalid_token"')],
    ['that only mentions it', answerOf('Bearer error_description="insufficient_user_authentication"')],
    ['beside another status', answerOf(challenge, 403)],
    ['that is not there', new Response(null, { status: 401 })],
  ])('%s wants nothing', (_title, answer) => {
    expect(readStepUp(answer)).toBeUndefined()
  })
})
