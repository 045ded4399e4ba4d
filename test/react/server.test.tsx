// @vitest-environment node
import {
  CountersignProvider,
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
  useConnections,
} from 'countersign'
import { oidc } from 'countersign/providers'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { lazy, StrictMode, Suspense, type ReactElement } from 'react'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { expect, test, vi } from 'vitest'

function States() {
  const states = [useAuthorizationCallback(), useAuthorize('bank'), useConnection('bank'), useConnections()]
  return <p>{states.map(({ status }) => status).join(' ')}</p>
}

const nothingYet = '<p>none idle restoring restoring</p>'

function onServer(page: ReactElement): ReactElement {
  const client = createClient({
    providers: { bank: oidc({ issuer: 'https://as.example', clientId: 'client-1', scope: 'openid' }) },
    subject: 'anna',
  })
  return (
    <StrictMode>
      <CountersignProvider client={client}>{page}</CountersignProvider>
    </StrictMode>
  )
}

test('renders on a server, where there is no window, as if nothing had happened yet', () => {
  expect(typeof window).toBe('undefined')
  expect(renderToString(onServer(<States />))).toBe(nothingYet)
})

test('is streamed by a server, also from a part that is loaded later', async () => {
  const errors = vi.fn()
  const Later = lazy(() => Promise.resolve({ default: States }))
  const body = new PassThrough()
  const { pipe } = renderToPipeableStream(
    onServer(
      <Suspense fallback={<p>loading</p>}>
        <Later />
      </Suspense>,
    ),
    {
      onAllReady: () => pipe(body),
      onError: errors,
    },
  )
  expect(await text(body)).toContain(nothingYet)
  expect(errors).not.toHaveBeenCalled()
})
