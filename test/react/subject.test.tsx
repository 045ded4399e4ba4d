import { act, screen } from '@testing-library/react'
import { useAuthorizationCallback, useAuthorize, useConnections, useTokens } from 'countersign'
import { describe, expect, test } from 'vitest'
import { openBank, openVisit } from '../support/bank.js'
import { renderWith } from '../support/render.js'

/** Components that stay mounted whoever is signed in. */
function Page() {
  const statuses = [
    useTokens('bank').status,
    useConnections({ select: ({ status }) => status }),
    useAuthorizationCallback().status,
    useAuthorize('bank').status,
  ]
  return <output>{statuses.join(' ')}</output>
}

const shown = () => screen.getByRole('status').textContent

describe('components that stay mounted', () => {
  test('show nothing of the user before', async () => {
    const bank = openVisit({ subject: 'anna' })
    renderWith(bank.client, <Page />)
    await bank.deny('bank')
    // What is known of the server is good for a day.
    await act(() => bank.advance(25 * 3600))
    bank.offline()
    await act(async () => {
      await bank.client.authorization('bank').authorizeAsync()
    })
    expect(shown()).toBe('disconnected ready denied failed')
    act(() => {
      bank.client.setSubject('berta')
    })
    await screen.findByText('disconnected ready none idle')
    act(() => {
      bank.client.setSubject(null)
    })
    expect(shown()).toBe('sign_in_required sign_in_required none idle')
  })

  test('restore while it is not known who is signed in, and bounce nobody', async () => {
    let answer!: (subject: string) => void
    const subject = new Promise<string>((resolve) => (answer = resolve))
    const bank = openBank({ subject })
    const seen = new Set<string>()
    bank.client.connections.subscribe(() => seen.add(bank.client.connections.get().status))
    renderWith(bank.client, <Page />)
    expect(shown()).toBe('restoring restoring none idle')
    answer('anna')
    await screen.findByText('disconnected ready none idle')
    expect([...seen]).toEqual(['ready'])
  })

  test('show another user nothing of what the first has connected, and the first everything again', async () => {
    const bank = openBank({ subject: 'anna', connected: { mediated: {} } })
    function Count() {
      return <output>{useConnections().connections?.length ?? 'unknown'}</output>
    }
    renderWith(bank.client, <Count />)
    await screen.findByText('1')
    for (const [subject, count] of [
      ['berta', '0'],
      ['anna', '1'],
    ] as const) {
      act(() => {
        bank.client.setSubject(subject)
      })
      await screen.findByText(count)
    }
  })
})
