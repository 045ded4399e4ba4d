// @vitest-environment node
import {
  CountersignProvider,
  createClient,
  useAuthorizationCallback,
  useAuthorize,
  useConnections,
  useTokens,
} from 'countersign'
import { oidc } from 'countersign/providers'
import { StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'

test('renders on a server, where there is no window, as if nothing had happened yet', () => {
  expect(typeof window).toBe('undefined')
  const client = createClient({
    providers: { bank: oidc({ issuer: 'https://as.example', clientId: 'client-1', scope: 'openid' }) },
    session: 'anna',
  })
  function Page() {
    const states = [useAuthorizationCallback(), useAuthorize('bank'), useTokens('bank'), useConnections()]
    return <p>{states.map(({ status }) => status).join(' ')}</p>
  }
  expect(
    renderToString(
      <StrictMode>
        <CountersignProvider client={client}>
          <Page />
        </CountersignProvider>
      </StrictMode>,
    ),
  ).toBe('<p>none idle restoring restoring</p>')
})
