'use client'
import * as React from 'react'
import type { AnyClient } from '../../core/index.js'
import { useClient, type ClientOption } from '../../react/provider.js'
import { inspectionOf, type Inspection } from '../inspect.js'
import { pagesOf } from '../watch/pages.js'
import { Shadow } from './shadow.js'

const Panel = React.lazy(async () => ({ default: (await import('./panel.js')).Panel }))

/** Props of {@link CountersignDevtools}. */
export interface CountersignDevtoolsProps extends ClientOption<AnyClient> {
  /**
   * The nonce of your Content-Security-Policy for styles. Only browsers without constructable style sheets, such as Safari
   * before 16.4, need it.
   */
  readonly nonce?: string
}

const never = () => () => undefined

/**
 * A panel, docked at the bottom of the page, that shows what the client does: each flow over the page, IndexedDB, the backend,
 * the authorization server and the API, the checks of the library, connections, transactions, refreshes, errors, and what to
 * look at in the configuration. A button opens it, and it is still open when the person comes back from the provider.
 *
 * Nothing secret reaches it: what an allow-list does not name is shown by its shape. Put it at the end of the app, in
 * development. On a server it renders nothing.
 *
 * @throws {Error} when there is no client: no provider component above, and no `client` given.
 * @throws {TypeError} for a client that neither `createClient` nor `fakeBank` has made.
 * @example
 * ```tsx
 * import { CountersignProvider, createClient, singleUser } from 'countersign'
 * import { CountersignDevtools, inspect } from 'countersign/devtools'
 * import { apiture } from 'countersign/providers'
 *
 * const bank = createClient({
 *   subject: singleUser,
 *   providers: { apiture: apiture({ clientId: 'my-client', scope: 'openid banking/read' }) },
 * })
 * inspect(bank)
 *
 * const app = (
 *   <CountersignProvider client={bank}>
 *     …
 *     <CountersignDevtools />
 *   </CountersignProvider>
 * )
 * ```
 */
export function CountersignDevtools(props: CountersignDevtoolsProps): React.ReactElement | null {
  const client = useClient<AnyClient>(props.client && { client: props.client })
  const inspection = React.useSyncExternalStore(
    pagesOf(client)?.onChange ?? never,
    () => inspectionOf(client),
    () => undefined,
  )
  return inspection ? <Dock inspection={inspection} nonce={props.nonce} /> : null
}

function Dock({
  inspection,
  nonce,
}: {
  readonly inspection: Inspection
  readonly nonce: string | undefined
}): React.ReactElement {
  const { view } = inspection.log
  const { isOpen, tab } = React.useSyncExternalStore(view.subscribe, view.get)
  const toggle = React.useRef<HTMLButtonElement>(null)
  const close = (): void => {
    view.set({ isOpen: false, tab })
    toggle.current?.focus()
  }
  return (
    <Shadow nonce={nonce}>
      {/* The end of the page can be scrolled out from behind the panel. */}
      {isOpen && <div className="spacer" />}
      <aside
        aria-label="Countersign devtools"
        onKeyDown={({ key }) => {
          if (key === 'Escape' && isOpen) close()
        }}
      >
        <button
          ref={toggle}
          className={isOpen ? 'toggle open' : 'toggle'}
          aria-expanded={isOpen}
          onClick={() => view.set({ isOpen: !isOpen, tab })}
        >
          <Mark />
          <span>Countersign</span>
        </button>
        {isOpen && (
          <React.Suspense fallback={<div className="panel" aria-busy="true" />}>
            <Panel inspection={inspection} onClose={close} />
          </React.Suspense>
        )}
      </aside>
    </Shadow>
  )
}

/** Two strokes that meet: one signature beside another. */
const Mark = (): React.ReactElement => (
  <svg
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="2"
    strokeLinecap="round"
    aria-hidden="true"
  >
    <path d="M2 10c3-8 5-8 5-2s2 5 7-3" />
    <path d="M3 14h10" />
  </svg>
)
