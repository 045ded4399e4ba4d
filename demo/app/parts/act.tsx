import type { ReactNode } from 'react'

/** A button that does something. */
export function Act({
  label,
  onClick,
  quiet = false,
  danger = false,
  icon,
}: {
  label: string
  onClick: () => void
  /** Whether it is the lesser choice. @defaultValue false */
  quiet?: boolean
  /** Whether it ends something. @defaultValue false */
  danger?: boolean
  icon?: ReactNode
}) {
  const looks = ['button', quiet && 'quiet', danger && 'danger'].filter(Boolean).join(' ')
  return (
    <button type="button" className={looks} onClick={onClick}>
      {icon}
      {label}
    </button>
  )
}
