// An app with as many mounted hooks as its address asks for, each on a connection of its own.
import { CountersignProvider, createClient, singleUser, useAuthorize, useConnection } from 'countersign'
import { oidc } from 'countersign/providers'
import { useEffect, useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { onClick, redirectUri, settings } from './report.js'

declare global {
  interface Window {
    /** What the page did, and does when it is asked. */
    scale?: {
      /** Milliseconds from the client's creation to the list of connections. */
      restored?: number
      /** Milliseconds that the hooks took to mount. */
      mounted?: number
      /** When a component rendered last: milliseconds since the page began to load. */
      renderedAt: number
      /** Renders everything so many times, and gives how long one took on average: milliseconds. */
      render: (times: number, perSecond: number) => Promise<number>
    }
  }
}

const wants = new URL(location.href).searchParams
const hooks = Number(wants.get('hooks') ?? 10)
const connections = Number(wants.get('connections') ?? 10)
const createdAt = performance.now()
const client = createClient({
  subject: singleUser,
  redirectUri: () => redirectUri,
  providers: { bank: oidc({ ...settings, persistTokens: true }) },
})
const scale: NonNullable<Window['scale']> = {
  renderedAt: 0,
  render: () => Promise.reject(new Error('Nothing is mounted.')),
}
window.scale = scale
const stop = client.connections.subscribe(() => {
  if (client.connections.get().status !== 'ready') return
  scale.restored ??= performance.now() - createdAt
  stop()
  const beganAt = performance.now()
  flushSync(() => {
    createRoot(document.body).render(
      <CountersignProvider client={client}>
        <App />
      </CountersignProvider>,
    )
  })
  scale.mounted = performance.now() - beganAt
})

let authorize: () => unknown = () => undefined
onClick(() => authorize())

function Status({ connection, turn }: { connection: string; turn: number }) {
  const bank = useConnection('bank', { connection })
  useLayoutEffect(() => {
    scale.renderedAt = performance.now()
  })
  return <i data-turn={turn}>{'connection' in bank && JSON.stringify(bank.connection.details)}</i>
}

/** A click renders what shows its state: this, and not the list. */
function Connect() {
  const handlers = useAuthorize('bank')
  useEffect(() => {
    authorize = () => {
      handlers.authorize()
    }
  }, [handlers])
  return handlers.status
}

function App() {
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    scale.render = async (times, perSecond) => {
      let spent = 0
      const beganAt = performance.now()
      for (let index = 0; index < times; index += 1) {
        const began = performance.now()
        flushSync(() => {
          setTurn((before) => before + 1)
        })
        spent += performance.now() - began
        const rest = beganAt + ((index + 1) * 1000) / perSecond - performance.now()
        if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      }
      return spent / times
    }
  }, [])
  return (
    <>
      <Connect />
      {Array.from({ length: hooks }, (_, index) => (
        <Status key={index} connection={`connection-${index % connections}`} turn={turn} />
      ))}
    </>
  )
}
