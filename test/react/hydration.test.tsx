import { act } from '@testing-library/react'
import { CountersignProvider, useAuthorizationCallback, useTokens } from 'countersign'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { until } from '../support/until.js'

const network = openNetwork()

test('a page that a server rendered is taken over without a mismatch, and then shows what happens', async () => {
  const complaints = vi.spyOn(console, 'error')
  const scene = createScene(network)
  const { client } = scene.open(await scene.consent())
  function Page() {
    return <p>{`${useAuthorizationCallback().status} ${useTokens('bank').status}`}</p>
  }
  const page = (
    <CountersignProvider client={client}>
      <Page />
    </CountersignProvider>
  )
  const container = document.body.appendChild(document.createElement('div'))
  container.innerHTML = renderToString(page)
  expect(container.textContent).toBe('none restoring')

  const mismatches: unknown[] = []
  const root = await act(async () =>
    hydrateRoot(container, page, { onRecoverableError: (error) => mismatches.push(error) }),
  )
  await act(() => until(client.callback, 'connected'))
  expect(container.textContent).toBe('connected connected')
  expect(mismatches).toEqual([])
  expect(complaints).not.toHaveBeenCalled()
  act(() => root.unmount())
})
