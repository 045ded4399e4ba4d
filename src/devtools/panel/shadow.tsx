'use client'
import * as React from 'react'
import { createPortal } from 'react-dom'
import { styles } from './styles.js'

/** Props of {@link Shadow}. */
interface ShadowProps {
  /** Of the page's policy, for a browser without constructable style sheets. */
  readonly nonce?: string | undefined
  readonly children: React.ReactNode
}

let sheet: CSSStyleSheet | undefined

/** Shows its children in a shadow root, so that the app's styles and the panel's do not meet. */
export function Shadow({ nonce, children }: ShadowProps): React.ReactElement {
  const [root, setRoot] = React.useState<ShadowRoot>()
  const attach = React.useCallback(
    (host: HTMLDivElement | null) => {
      if (!host) return
      // StrictMode attaches a ref twice.
      const shadow = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
      addStyles(shadow, nonce)
      setRoot(shadow)
    },
    [nonce],
  )
  return (
    <div ref={attach} data-countersign-devtools="">
      {root && createPortal(children, root)}
    </div>
  )
}

/** A policy without `unsafe-inline` lets a constructed sheet pass, and a style element with its nonce. */
function addStyles(root: ShadowRoot, nonce: string | undefined): void {
  if (canConstructSheets()) {
    sheet ??= makeSheet()
    root.adoptedStyleSheets = [sheet]
  } else if (!root.querySelector('style')) {
    const style = document.createElement('style')
    if (nonce !== undefined) style.nonce = nonce
    style.textContent = styles
    root.append(style)
  }
}

const canConstructSheets = (): boolean =>
  'adoptedStyleSheets' in Document.prototype && 'replaceSync' in CSSStyleSheet.prototype

function makeSheet(): CSSStyleSheet {
  const made = new CSSStyleSheet()
  made.replaceSync(styles)
  return made
}
