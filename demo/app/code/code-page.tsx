import { useConnections } from 'countersign'
import { Check, Copy } from 'lucide-react'
import { useEffect, useId, useState } from 'react'
import type { ProviderName } from '../bank.js'
import { announce } from '../parts/announcer.js'
import { loadSnippets } from './load-snippets.js'
import type { Snippets } from './snippets.js'

const titles = {
  stitch: 'Stitch',
  openid: 'OpenID',
  moneyhub: 'Moneyhub',
  fdx: 'FDX',
  basis: 'Basis',
  apiture: 'Apiture',
} as const

type Shown = keyof typeof titles

const shownFor = (provider: ProviderName): Shown => (provider === 'moneyhubOnce' ? 'moneyhub' : provider)

/** The code of what was just seen, for the page and for the backend, to copy. */
export function CodePage() {
  const last = useConnections({
    select: (all) => (all.status === 'ready' ? all.connections.at(-1)?.provider : undefined),
  })
  const [wanted, setWanted] = useState<Shown>()
  const [snippets, setSnippets] = useState<Snippets>()
  useEffect(() => {
    void loadSnippets().then(setSnippets)
  }, [])
  const shown = wanted ?? (last ? shownFor(last) : 'stitch')
  const { page, backend } = snippets?.[shown] ?? {}
  return (
    <>
      <div className="page-head">
        <h1>The code</h1>
        <p className="lead">
          What you just saw is two files: one in the page, one on the server. The types of both are checked,
          as they are here.
        </p>
      </div>
      <fieldset className="currencies providers">
        <legend className="unseen">Provider</legend>
        {Object.entries(titles).map(([name, title]) => (
          <label key={name}>
            <input
              type="radio"
              name="provider"
              checked={name === shown}
              onChange={() => {
                setWanted(name as Shown)
              }}
            />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      <div className="codes">
        <Snippet title="The page" file="bank.tsx" code={page} />
        {backend === undefined && snippets ? (
          <section className="panel no-backend">
            <h2>The backend</h2>
            <p>
              None is needed: the page is the client, and what it holds is useless elsewhere or gone with the
              page.
            </p>
          </section>
        ) : (
          <Snippet title="The backend" file="backend.ts" code={backend} />
        )}
      </div>
    </>
  )
}

function Snippet({ title, file, code }: { title: string; file: string; code: string | undefined }) {
  const heading = useId()
  return (
    <section className="panel snippet" aria-labelledby={heading}>
      <div className="snippet-head">
        <h2 id={heading}>{title}</h2>
        <span className="meta">{file}</span>
        {code !== undefined && <CopyButton key={code} what={title} code={code} />}
      </div>
      {code === undefined ? (
        <div className="skeleton-block" aria-hidden="true" />
      ) : (
        <pre tabIndex={0} aria-label={`Code: ${title}`}>
          <code>{code}</code>
        </pre>
      )}
    </section>
  )
}

function CopyButton({ what, code }: { what: string; code: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <button
      type="button"
      className="button quiet"
      aria-label={`Copy: ${what}`}
      onClick={() => {
        void navigator.clipboard.writeText(code).then(() => {
          setCopied(true)
          announce('Copied')
        })
      }}
    >
      {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      {copied ? 'Copied' : 'Copy'}
    </button>
  )
}
