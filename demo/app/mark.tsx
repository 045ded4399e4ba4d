import { brands, type BrandId, type Shape } from '../brands.js'

/** A bank's sign, beside its name. */
export function BankMark({ brand }: { brand: BrandId }) {
  const { ground, corner, shapes } = brands[brand].mark
  return (
    <svg className="mark" viewBox="0 0 48 48" aria-hidden="true">
      <rect width="48" height="48" rx={corner} fill={ground} />
      {shapes.map((shape, index) => (
        <Drawn key={index} {...shape} />
      ))}
    </svg>
  )
}

function Drawn({ d, color, line, turn = 0, at = [24, 24] }: Shape) {
  const transform = turn === 0 ? undefined : `rotate(${String(turn)} ${String(at[0])} ${String(at[1])})`
  if (line === undefined) return <path d={d} fill={color} transform={transform} />
  return (
    <path
      d={d}
      fill="none"
      stroke={color}
      strokeWidth={line}
      strokeLinecap="round"
      strokeLinejoin="round"
      transform={transform}
    />
  )
}

/** The app's own sign: three sheets of pasta. */
export function AppMark() {
  return (
    <svg className="app-mark" viewBox="0 0 32 32" aria-hidden="true">
      <path className="sheet-1" d="M4 9.5c4-3 8-3 12 0s8 3 12 0" />
      <path className="sheet-2" d="M4 16.5c4-3 8-3 12 0s8 3 12 0" />
      <path className="sheet-3" d="M4 23.5c4-3 8-3 12 0s8 3 12 0" />
    </svg>
  )
}
