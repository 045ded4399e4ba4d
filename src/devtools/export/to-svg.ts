import { laneNames, titleOf } from '../flow/titles.js'
import type { Flow } from '../flow/flows.js'
import { hasFailed } from '../flow/has-failed.js'
import { lanes, type InspectedEvent } from '../log/event.js'
import { duration } from '../flow/duration.js'

const laneWidth = 190
const rowHeight = 46
const top = 96

/** The middle of a lane. */
const middle = (index: number): number => 40 + laneWidth * (index + 0.5)

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${String(character.charCodeAt(0))};`)

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${String(x)}" y="${String(y)}" ${attributes}>${escape(content)}</text>`

/** A flow as a picture of its own, light, with a sequence of messages between the parties. */
export function toSvg(flow: Flow): string {
  const width = 80 + laneWidth * lanes.length
  const height = top + rowHeight * flow.events.length + 40
  const heading = `${flow.provider} · ${flow.status} · ${duration(flow.milliseconds)}`
  const columns = lanes.map((lane, index) => {
    const x = String(middle(index))
    return `<line x1="${x}" x2="${x}" y1="${String(top - 16)}" y2="${String(height - 24)}" stroke="#c9ced6"/>${text(middle(index), top - 26, laneNames[lane], 'text-anchor="middle" font-weight="600"')}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" height="${String(height)}" font-family="system-ui, sans-serif" font-size="13" fill="#1c2430" role="img" aria-label="${escape(heading)}"><rect width="100%" height="100%" fill="#fff"/>${text(40, 36, heading, 'font-size="17" font-weight="600"')}${columns.join('')}${flow.events.map((event, index) => row(event, flow, index)).join('')}</svg>`
}

function row(event: InspectedEvent, { startedAt }: Flow, index: number): string {
  const y = top + rowHeight * (index + 0.5)
  const [from, to] = [lanes.indexOf(event.from), lanes.indexOf(event.to)]
  const colour = hasFailed(event) ? '#b3261e' : event.inferred ? '#6b7380' : '#0b5cad'
  const dashes = event.inferred ? ' stroke-dasharray="5 4"' : ''
  const time = text(10, y + 4, `+${duration(event.at - startedAt)}`, 'font-size="10" fill="#5b6470"')
  const x1 = middle(from)
  const x2 = middle(to)
  const tip = x2 + (to > from ? -9 : 9)
  const line =
    from === to
      ? `<circle cx="${String(x1)}" cy="${String(y)}" r="5" fill="${colour}"/>`
      : `<line x1="${String(x1)}" x2="${String(x2)}" y1="${String(y)}" y2="${String(y)}" stroke="${colour}" stroke-width="1.5"${dashes}/><path d="M${String(tip)} ${String(y - 5)}L${String(x2)} ${String(y)}L${String(tip)} ${String(y + 5)}z" fill="${colour}"/>`
  return (
    time +
    line +
    text((x1 + x2) / 2, y - 8, titleOf(event), `text-anchor="middle" fill="${colour}" font-size="12"`)
  )
}
