import type { ReactNode } from 'react'
import { at } from '../base.js'
import { navigate, usePath } from '../router.js'

/** A link to another page of the app, which opens without being loaded. */
export function Link({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  const path = usePath()
  return (
    <a
      href={at(to)}
      className={className}
      aria-current={path === to && className === undefined ? 'page' : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        navigate(to)
        scrollTo({ top: 0 })
        document.querySelector('main')?.focus({ preventScroll: true })
      }}
    >
      {children}
    </a>
  )
}
