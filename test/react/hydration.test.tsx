import { act } from '@testing-library/react'
import {
  CountersignProvider,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
  useConnections,
} from 'countersign'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { StrictMode, Suspense, type ReactElement } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { openVisit } from '../support/bank.js'
import { until } from '../support/until.js'

/** How React warns that the two renderers of its server take turns, which they do in this file alone. */
const twoServerRenderers = 'Detected multiple renderers concurrently rendering the same context provider.'

const renderToStream = async (page: ReactElement): Promise<string> => {
  const body = new PassThrough()
  const { pipe } = renderToPipeableStream(page, { onAllReady: () => pipe(body) })
  return text(body)
}

test.each([
  ['rendered', renderToString],
  ['streamed', renderToStream],
])(
  'a page that a server %s is taken over without a mismatch, and then shows what happens',
  async (_, render) => {
    const log = vi.spyOn(console, 'error')
    const bank = openVisit()
    await bank.approve('bank')
    const { client } = bank
    function Page() {
      const states = [
        useAuthorizationCallback(),
        useAuthorize('bank'),
        useConnection('bank'),
        useConnections(),
      ]
      return <p>{states.map(({ status }) => status).join(' ')}</p>
    }
    const page = (
      <StrictMode>
        <CountersignProvider client={client}>
          <Suspense>
            <Page />
          </Suspense>
        </CountersignProvider>
      </StrictMode>
    )
    const container = document.body.appendChild(document.createElement('div'))
    container.innerHTML = await render(page)
    expect(container.textContent).toBe('none idle restoring restoring')

    const mismatches: unknown[] = []
    const root = await act(async () =>
      hydrateRoot(container, page, { onRecoverableError: (error) => mismatches.push(error) }),
    )
    await act(() => until(client.tokens('bank'), 'connected'))
    expect(container.textContent).toBe('connected idle connected ready')
    expect(mismatches).toEqual([])
    expect(log.mock.calls.filter(([text]) => !String(text).includes(twoServerRenderers))).toEqual([])
    act(() => root.unmount())
    container.remove()
  },
)
