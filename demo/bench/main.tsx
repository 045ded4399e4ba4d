// The demo's page for tests in real browsers: the same app, with its client within reach, and many components below it.
import {
  CountersignProvider,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
  useConnections,
} from 'countersign'
import { StrictMode, version } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from '../app/app.js'
import { bank } from '../app/bank.js'

declare global {
  interface Window {
    bank: typeof bank
    /** The React that renders. */
    reactVersion: string
    /** How many components are to be mounted beside the app: set by an init script. */
    components?: number
    /** How often they have rendered, by what they read. */
    renders: Record<keyof typeof readers, number>
  }
}

const readers = {
  tokens: function Tokens() {
    window.renders.tokens++
    return <i>{useConnection('apiture').status}</i>
  },
  connections: function Connections() {
    window.renders.connections++
    return <i>{useConnections({ select: ({ status }) => status })}</i>
  },
  authorize: function Authorize() {
    window.renders.authorize++
    return <i>{useAuthorize('apiture').status}</i>
  },
  callback: function Callback() {
    window.renders.callback++
    return <i>{useAuthorizationCallback().status}</i>
  },
}

Object.assign(window, { bank, reactVersion: version })
window.renders = { tokens: 0, connections: 0, authorize: 0, callback: 0 }
const all = Object.values(readers)
const mounted = Array.from({ length: window.components ?? 0 }, (_, index) => all[index % all.length])

const root = document.getElementById('root')
if (!root) throw new Error('The page has no root element.')
createRoot(root).render(
  <StrictMode>
    <CountersignProvider client={bank}>
      <App />
      <p hidden>{mounted.map((Reader, index) => Reader && <Reader key={index} />)}</p>
    </CountersignProvider>
  </StrictMode>,
)
