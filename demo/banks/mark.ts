import { brands, type Mark, type Shape } from '../brands.js'
import { html, type Html } from './html.js'
import type { Theme } from './theme.js'

/** The bank's sign beside its name, which says the same. */
export const markSvg = ({ brand }: Theme): Html =>
  html`<svg viewBox="0 0 48 48" aria-hidden="true">${drawn(brands[brand].mark)}</svg>`

/** The bank's sign as a file of its own. */
export const markFile = ({ brand }: Theme): string =>
  html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">${drawn(brands[brand].mark)}</svg>`.markup

const drawn = ({ ground, corner, shapes }: Mark): Html =>
  html`<rect width="48" height="48" rx="${corner}" fill="${ground}" />${shapes.map(path)}`

const path = ({ d, color, line, turn = 0, at = [24, 24] }: Shape): Html => {
  const turned = turn === 0 ? undefined : html` transform="rotate(${turn} ${at[0]} ${at[1]})"`
  return line === undefined
    ? html`<path d="${d}" fill="${color}" ${turned} />`
    : html`<path
        d="${d}"
        fill="none"
        stroke="${color}"
        stroke-width="${line}"
        stroke-linecap="round"
        stroke-linejoin="round"
        ${turned}
      />`
}
