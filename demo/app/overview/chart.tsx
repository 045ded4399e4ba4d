// Drawn by hand: one line of some ninety points needs no charting library, of which the smallest is more than all of this
// app's own code, and colours, focus and the reader's currency come from the page.
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { money, shortDay, shortMoney } from '../format.js'

/** What {@link BalanceChart} shows. */
export interface BalanceChartProps {
  readonly currency: string
  /** The total of each day, today last. */
  readonly history: readonly number[]
  /** Milliseconds since the epoch. */
  readonly now: number
}

const height = 220
const margin = { top: 14, right: 8, bottom: 26, left: 56 }
const dayMs = 24 * 3600 * 1000

/** How a balance has moved. The day under the pointer is told; so is the one that the arrow keys reach. */
export function BalanceChart({ currency, history, now }: BalanceChartProps) {
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const [day, setDay] = useState<number>()
  const plot = plotOf(history, width)
  const last = history.length - 1
  const dateOf = (index: number) => shortDay((now - (last - index) * dayMs) / 1000)
  const tell = (index: number) => `${dateOf(index)}: ${money(history[index] ?? 0, currency)}`
  const shown = day === undefined ? undefined : Math.min(day, last)
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect()
    setDay(clamp(Math.round((event.clientX - left - margin.left) / plot.step), last))
  }
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setDay(clamp((shown ?? last) + by, last))
  }
  return (
    <div
      className="chart"
      ref={frame}
      role="slider"
      tabIndex={0}
      aria-label={`Balance in ${currency} over ${String(history.length)} days`}
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={shown ?? last}
      aria-valuetext={tell(shown ?? last)}
      onKeyDown={step}
      onBlur={() => {
        setDay(undefined)
      }}
    >
      <svg
        width={width}
        height={height}
        aria-hidden="true"
        onPointerMove={point}
        onPointerLeave={() => {
          setDay(undefined)
        }}
      >
        <g className="grid">
          {plot.ticks.map((value) => (
            <g key={value}>
              <line x1={margin.left} x2={width - margin.right} y1={plot.y(value)} y2={plot.y(value)} />
              <text x={margin.left - 8} y={plot.y(value) + 4} textAnchor="end">
                {shortMoney(value, currency)}
              </text>
            </g>
          ))}
          {[0, 1 / 3, 2 / 3, 1].map((part) => (
            <text
              key={part}
              x={plot.x(Math.round(part * last))}
              y={height - 6}
              textAnchor={part === 0 ? 'start' : part === 1 ? 'end' : 'middle'}
            >
              {dateOf(Math.round(part * last))}
            </text>
          ))}
        </g>
        <path className="area" d={plot.area} />
        <path className="line" d={plot.line} />
        {shown !== undefined && (
          <g className="pointer">
            <line x1={plot.x(shown)} x2={plot.x(shown)} y1={margin.top} y2={height - margin.bottom} />
            <circle cx={plot.x(shown)} cy={plot.y(history[shown] ?? 0)} r="5" />
          </g>
        )}
      </svg>
      <p className="told" aria-hidden="true">
        {shown === undefined ? `Last ${String(history.length)} days` : tell(shown)}
      </p>
    </div>
  )
}

const clamp = (index: number, last: number): number => Math.min(last, Math.max(0, index))

function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(640)
  useEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.round(entry.contentRect.width))
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
    }
  }, [frame])
  return width
}

function plotOf(history: readonly number[], width: number) {
  const [low, high] = [Math.min(...history), Math.max(...history)]
  const ticks = ticksOf(low, high)
  const [bottom = 0, top = 1] = [ticks[0], ticks.at(-1)]
  const step = (width - margin.left - margin.right) / Math.max(1, history.length - 1)
  const x = (index: number) => margin.left + index * step
  const y = (value: number) =>
    margin.top + ((top - value) / Math.max(1, top - bottom)) * (height - margin.top - margin.bottom)
  const points = history.map((value, index) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`)
  const line = `M${points.join('L')}`
  const base = String(height - margin.bottom)
  return {
    step,
    x,
    y,
    ticks,
    line,
    area: `${line}L${x(history.length - 1).toFixed(1)} ${base}L${String(margin.left)} ${base}Z`,
  }
}

/** Round values around what there is: three steps or four. */
function ticksOf(low: number, high: number): number[] {
  const rough = Math.max(1, (high - low) / 3)
  const power = 10 ** Math.floor(Math.log10(rough))
  const size = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough
  const first = Math.floor(low / size) * size
  const count = Math.max(1, Math.ceil((high - first) / size))
  return Array.from({ length: count + 1 }, (_, index) => first + index * size)
}
