import { describe, expect, test } from 'vitest'
import type { CountersignEvent } from 'countersign/core'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { leaksOf } from '../support/secrets.js'

const network = openNetwork()

/** What a page tells of a flow; beside it the page asks the backend for its list. */
const ofFlow = (events: readonly CountersignEvent[]) =>
  events.filter(({ type }) => type !== 'backend_requested')

describe('the event of an end', () => {
  test('tells the outcome and the seconds since the click, under the id of its beginning', async () => {
    const scene = createScene(network)
    const first = scene.open()
    const back = scene.server.visit(await scene.leave(first))
    scene.browser.clock.advance(42)
    const app = scene.open(back)
    await outcome(app)
    const [started] = ofFlow(first.events)
    expect(started).toMatchObject({ type: 'authorization_started', detail: 'bank' })
    expect(ofFlow(app.events).at(-1)).toEqual({
      type: 'transaction_ended',
      id: started?.id,
      at: scene.browser.clock.now(),
      detail: 'connected',
      seconds: 42,
    })
  })

  test.each([
    ['denied', { error: 'access_denied' }],
    ['authorization_error', { error: 'invalid_scope' }],
  ])('is %s where the provider sends that back', async (detail, visit) => {
    const scene = createScene(network)
    const app = scene.open(await scene.consent({}, visit))
    await outcome(app)
    expect(ofFlow(app.events).map((event) => [event.type, event.detail])).toEqual([
      ['response_received', 'show'],
      ['transaction_ended', detail],
    ])
    expect(leaksOf(app.events)).toEqual([])
  })

  test('comes once: a page that finds the end of another has none', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, { error: 'access_denied' })
    await outcome(scene.open(url))
    const second = scene.open(url)
    await outcome(second)
    expect(ofFlow(second.events).map(({ type }) => type)).toEqual(['response_received'])
  })
})
