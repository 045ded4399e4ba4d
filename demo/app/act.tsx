/** A button that does something. */
export function Act({
  label,
  onClick,
  quiet = false,
}: {
  label: string
  onClick: () => void
  /** Whether it is the lesser choice. @defaultValue false */
  quiet?: boolean
}) {
  return (
    <button type="button" className={quiet ? 'quiet' : undefined} onClick={onClick}>
      {label}
    </button>
  )
}
