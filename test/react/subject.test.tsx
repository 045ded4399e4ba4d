import { screen, waitFor } from '@testing-library/react'
import { useAuthorizationCallback, useAuthorize, useConnections, useTokens } from 'countersign'
import { act } from 'react'
import { describe, expect, test } from 'vitest'
import { createScene, type App } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { renderWith } from '../support/render.js'
import { until } from '../support/until.js'

const network = openNetwork()

/** Components that stay mounted whoever is signed in. */
function Page({ client }: { readonly client: App['client'] }) {
  const statuses = [
    useTokens('bank', { client }).status,
    useConnections({ select: ({ status }) => status }),
    useAuthorizationCallback().status,
    useAuthorize('bank', { display: 'popup' }, { client }).status,
  ]
  return <output>{statuses.join(' ')}</output>
}

const shown = () => screen.getByRole('status').textContent

describe('components that stay mounted', () => {
  test('show nothing of the user before', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, { error: 'access_denied' }, { subject: 'anna' })
    const { client } = scene.open(url, { subject: 'anna' })
    await until(client.callback, 'denied')
    renderWith(client, <Page client={client} />)
    // No popup opens here.
    await act(async () => {
      await client.authorization('bank', { display: 'popup' }).authorizeAsync()
    })
    await waitFor(() => {
      expect(shown()).toBe('disconnected ready denied failed')
    })
    act(() => {
      client.setSubject('berta')
    })
    await waitFor(() => {
      expect(shown()).toBe('disconnected ready none idle')
    })
    act(() => {
      client.setSubject(null)
    })
    expect(shown()).toBe('sign_in_required sign_in_required none idle')
  })

  test('restore while it is not known who is signed in, and bounce nobody', async () => {
    const scene = createScene(network)
    const url = await scene.consent({}, {}, { subject: 'anna' })
    let answer!: (subject: string) => void
    const { client } = scene.open(url, { subject: new Promise<string>((resolve) => (answer = resolve)) })
    const seen = new Set<string>()
    client.connections.subscribe(() => seen.add(client.connections.get().status))
    renderWith(client, <Page client={client} />)
    expect(shown()).toBe('restoring restoring pending idle')
    answer('anna')
    await waitFor(() => {
      expect(shown()).toBe('connected ready connected idle')
    })
    expect([...seen]).toEqual(['ready'])
  })
})
