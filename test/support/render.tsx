import { render, type RenderResult } from '@testing-library/react'
import { CountersignProvider, type Client } from 'countersign'
import { StrictMode, type ReactNode } from 'react'

/** Renders below the client's provider, in StrictMode: effects run twice, and so do renders. */
export function renderWith(client: object, children: ReactNode): RenderResult {
  return render(children, {
    wrapper: ({ children }) => (
      <StrictMode>
        <CountersignProvider client={client as Client}>{children}</CountersignProvider>
      </StrictMode>
    ),
  })
}
