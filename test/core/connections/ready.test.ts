import { describe, expect, test } from 'vitest'
import { createClient } from 'countersign/core'
import { createScene, providers } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { settled } from '../../support/until.js'

const network = openNetwork()

describe('ready', () => {
  test('resolves once it is known who the user is and what they have connected', async () => {
    const scene = createScene(network)
    let answer!: (subject: string) => void
    const app = scene.open('/', { subject: new Promise<string>((resolve) => (answer = resolve)) })
    let state: unknown = 'waiting'
    const waiting = app.client.ready('bank').then((ready) => (state = ready))
    await settled()
    expect(state).toBe('waiting')
    answer('anna')
    expect(await waiting).toEqual({ status: 'disconnected' })
  })

  test('waits for the response that the page was opened with', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const app = scene.open(url)
    expect(await app.client.ready('bank')).toMatchObject({
      status: 'connected',
      connection: { provider: 'bank' },
    })
    expect(app.client.callback.get().status).toBe('connected')
  })

  test('resolves with `sign_in_required` when nobody is signed in', async () => {
    const { client } = createScene(network).open('/', { subject: null })
    expect(await client.ready('bank')).toEqual({ status: 'sign_in_required' })
  })

  test('gives the connection that is asked for', async () => {
    const scene = createScene(network)
    const app = scene.open(await scene.consent())
    expect(await app.client.ready('bank', { connection: 'unknown' })).toEqual({ status: 'disconnected' })
  })

  test('rejects with what failed, and waits anew when called again', async () => {
    const app = createScene(network).open('/', { subject: Promise.reject(new Error('offline')) })
    await expect(app.client.ready('bank')).rejects.toMatchObject({ code: 'subject_unknown' })
    app.client.setSubject('anna')
    expect(await app.client.ready('bank')).toEqual({ status: 'disconnected' })
  })

  test.each(['before', 'during'])(
    'rejects with the reason of a signal that is aborted %s the wait',
    async (when) => {
      const app = createScene(network).open('/', { subject: new Promise<string>(() => undefined) })
      const controller = new AbortController()
      const reason = new Error('the person went elsewhere')
      if (when === 'before') controller.abort(reason)
      const waiting = app.client.ready('bank', { signal: controller.signal })
      await Promise.all([
        expect(waiting).rejects.toBe(reason),
        settled().then(() => {
          controller.abort(reason)
        }),
      ])
    },
  )

  test('rejects for a provider that the client has not', async () => {
    const { client } = createScene(network).open()
    await expect(client.ready('stranger' as 'bank')).rejects.toThrow(TypeError)
  })

  test('rejects on a server, where nothing ever becomes known', async () => {
    const client = createClient({ providers: { bank: providers.bank }, subject: 'anna' })
    await expect(client.ready('bank')).rejects.toMatchObject({ code: 'environment_unsupported' })
  })
})
