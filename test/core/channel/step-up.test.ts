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

  test('passes its 401 on in mediated mode, where a page cannot ask for a step-up', async () => {
    const scene = createScene(network)
    const app = scene.open(scene.backend.visit(await scene.leave(scene.open(), 'mediated')))
    await outcome(app)
    network.use(http.all('https://api.example/v1/payments', () => answerOf(challenge)))
    const state = await until(app.client.tokens('mediated'), 'connected')
    expect((await state.fetch('payments')).status).toBe(401)
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
    const error = readStepUp(answer)
    expect([error?.acrValues, error?.maxAgeSeconds]).toEqual(expected)
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
