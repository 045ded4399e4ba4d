import type { FontName, Palette, Theme } from './theme.js'

interface Font {
  readonly family: string
  /** What stands in for it until it has come, and where it never does. */
  readonly fallback: string
  /** The weights of its file. */
  readonly weight: string
  readonly file: string
}

const sans = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
const serif = "Georgia, 'Times New Roman', serif"
const variable = (name: string, family: string, fallback: string): Font => ({
  family,
  fallback,
  weight: '200 900',
  file: `@fontsource-variable/${name}/files/${name}-latin-wght-normal.woff2`,
})

const fonts: Readonly<Record<FontName, Font>> = {
  figtree: variable('figtree', 'Figtree', sans),
  garamond: variable('eb-garamond', 'EB Garamond', serif),
  manrope: variable('manrope', 'Manrope', sans),
  nunito: variable('nunito', 'Nunito', sans),
  sora: variable('sora', 'Sora', sans),
  sourceSerif: variable('source-serif-4', 'Source Serif 4', serif),
  plexMono: {
    family: 'IBM Plex Mono',
    fallback: 'ui-monospace, monospace',
    weight: '400',
    file: '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2',
  },
  zillaSlab: {
    family: 'Zilla Slab',
    fallback: serif,
    weight: '600',
    file: '@fontsource/zilla-slab/files/zilla-slab-latin-600-normal.woff2',
  },
}

/** The file of a bank's typeface, as a module. */
export const fontFile = ({ look }: Theme): string => fonts[look.font].file

const colours = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${value};`)
    .join(' ')

/** Where a bank's typeface comes from. */
export const fontFace = ({ look, brand }: Theme): string => `@font-face {
  font-family: '${fonts[look.font].family}';
  src: url('/brand/${brand}.woff2') format('woff2');
  font-weight: ${fonts[look.font].weight};
  font-display: swap;
}
`

/** The stylesheet of a bank's pages, light and dark, without {@link fontFace}. */
export function stylesheet({ look }: Theme): string {
  const font = fonts[look.font]
  return `:root { color-scheme: light dark; --radius: ${look.radius}; --font: '${font.family}', ${font.fallback}; --plain: ${plainFonts[look.font] ?? 'var(--font)'}; ${colours(look.light)} }
@media (prefers-color-scheme: dark) { :root { ${colours(look.dark)} } }
${base}
${layouts[look.layout]}`
}

/** Where a typeface is for headings only. */
const plainFonts: Partial<Record<FontName, string>> = { zillaSlab: sans }

const base = `
* { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  display: flex;
  flex-direction: column;
  background: var(--page);
  color: var(--text);
  font: 400 1rem/1.55 var(--plain);
}
.brand { display: flex; gap: 0.875rem; align-items: center; padding: 1.125rem 1.5rem; background: var(--band); color: var(--on-band); }
.brand p { margin: 0; }
.brand svg { flex: none; width: 2.75rem; height: 2.75rem; }
.brand div { min-width: 0; }
.bank { font: 650 1.25rem/1.2 var(--font); letter-spacing: -0.01em; overflow-wrap: anywhere; }
.tagline { font-size: 0.875rem; }
.stage { flex: 1; width: min(31rem, 100% - 2rem); margin: 2rem auto; }
main { padding: 1.75rem; background: var(--card); border: 1px solid var(--line); border-radius: var(--radius); }
h1 { margin: 0 0 0.625rem; font: 650 1.625rem/1.2 var(--font); letter-spacing: -0.015em; text-wrap: balance; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; }
legend, .list { padding: 0; margin: 0 0 0.375rem; font-weight: 650; }
ul { margin: 0 0 1.25rem; padding: 0; list-style: none; }
li { position: relative; padding: 0.3rem 0 0.3rem 1.625rem; }
li::before { content: ''; position: absolute; left: 0.3rem; top: 0.66rem; width: 0.375rem; height: 0.7rem; border: solid var(--accent); border-width: 0 2px 2px 0; transform: rotate(40deg); }
.note li { padding-left: 1.625rem; }
.note li::before { left: 0.25rem; top: 0.85rem; width: 0.375rem; height: 0.375rem; border: 0; border-radius: 50%; background: var(--quiet); transform: none; }
label { display: block; margin-bottom: 0.3rem; font-weight: 600; }
.choice { display: flex; gap: 0.75rem; align-items: flex-start; margin: 0; padding: 0.5rem 0; font-weight: 400; cursor: pointer; }
.choice + .choice { border-top: 1px solid color-mix(in srgb, var(--line) 45%, transparent); }
.choice input { flex: none; width: 1.25rem; height: 1.25rem; margin: 0.15rem 0 0; accent-color: var(--accent); }
.choice small { display: block; color: var(--quiet); font-size: 0.875rem; }
input[type='text'], input[type='password'] {
  width: 100%;
  margin-bottom: 1.125rem;
  padding: 0.7rem 0.875rem;
  border: 1px solid var(--line);
  border-radius: min(var(--radius), 14px);
  background: var(--card);
  color: inherit;
  font: inherit;
}
[aria-invalid='true'] { border-color: var(--alert); border-width: 2px; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.625rem; margin-top: 1.5rem; }
button, .button {
  flex: 1 1 7rem;
  min-height: 2.875rem;
  padding: 0.5rem 1.125rem;
  border: 1px solid var(--accent);
  border-radius: var(--radius);
  background: transparent;
  color: var(--accent);
  font: 650 1rem/1.3 var(--plain);
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
button.main { flex-basis: 100%; background: var(--accent); color: var(--on-accent); }
a.button { display: flex; align-items: center; justify-content: center; }
button:hover, .button:hover { background: color-mix(in srgb, var(--accent) 10%, transparent); }
button.main:hover { background: color-mix(in srgb, var(--accent) 88%, var(--text)); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert { padding: 0.5rem 0.875rem; border-left: 4px solid var(--alert); color: var(--alert); font-weight: 600; }
.note { color: var(--quiet); font-size: 0.9rem; }
aside { color: var(--quiet); font-size: 0.9rem; }
aside p { margin: 1.25rem 0 0; padding: 0 0.25rem; }
footer { padding: 1rem 1.5rem 1.5rem; color: var(--quiet); font-size: 0.875rem; text-align: center; }
@media (max-width: 30rem) { main { padding: 1.25rem; } .stage { margin: 1.25rem auto; } }
`

const layouts: Readonly<Record<Theme['look']['layout'], string>> = {
  // A band with a brass edge, and a notice beside the form.
  band: `
.brand { border-bottom: 4px solid #e3b25b; padding-block: 1.5rem; }
.bank { font-size: 1.5rem; }
main { border-top: 3px solid var(--accent); }
@media (min-width: 56rem) {
  .brand { padding-inline: max(1.5rem, 50% - 25rem); }
  .stage { display: grid; grid-template-columns: 31rem 1fr; gap: 2rem; width: 50rem; align-items: start; }
  aside { padding: 1.25rem; border-left: 1px solid var(--line); }
  aside p { margin: 0; }
}
footer { border-top: 1px solid var(--line); }`,
  // Two halves: the bank on the left, the form on the right.
  split: `
main { border: 0; padding: 0; background: none; }
input[type='text'], input[type='password'] { background: var(--page); }
@media (min-width: 56rem) {
  body { display: grid; grid-template: 1fr auto / minmax(18rem, 2fr) 3fr; }
  .brand { grid-row: 1 / 3; flex-direction: column; align-items: flex-start; justify-content: space-between; padding: 3rem; }
  .brand svg { width: 4.5rem; height: 4.5rem; }
  .bank { font-size: 2rem; }
  .tagline { font-size: 1.0625rem; }
  .stage { align-self: center; width: min(27rem, 100% - 4rem); }
}`,
  // A letter on paper, with a double rule.
  letter: `
.brand { flex-direction: column; text-align: center; gap: 0.5rem; padding: 1.75rem 1.5rem 1.25rem; border-bottom: 3px double var(--line); }
.bank { font-size: 1.625rem; font-weight: 500; font-variant-caps: small-caps; letter-spacing: 0.03em; }
.tagline { font-style: italic; font-size: 1rem; }
.stage { width: min(34rem, 100% - 2rem); }
body { font-size: 1.125rem; }
main { outline: 1px solid var(--line); outline-offset: -7px; padding: 2.25rem; }
h1 { font-weight: 500; font-size: 1.875rem; }
button, .button { font-weight: 500; letter-spacing: 0.02em; }
aside { text-align: center; font-style: italic; font-size: 1rem; }
@media (max-width: 30rem) { main { padding: 1.5rem; } }`,
  // A card on the bank's own colour.
  bold: `
.brand { background: none; padding: 2rem 1.5rem 0; justify-content: center; }
.brand svg { width: 3.25rem; height: 3.25rem; }
.bank { font-size: 1.5rem; font-weight: 800; }
main { border: 0; padding: 2.25rem; box-shadow: 0 18px 50px rgb(0 0 0 / 22%); border-radius: calc(var(--radius) + 8px); }
h1 { font-weight: 800; font-size: 1.75rem; }
button, .button { border-radius: 999px; border-width: 2px; font-weight: 700; }
aside, footer { color: var(--on-band); }
aside { text-align: center; }
@media (max-width: 30rem) { main { padding: 1.5rem; } }`,
  // No card, no band: a column on the left.
  bare: `
.brand { padding: 2.5rem 1.5rem 0; }
.bank { font-weight: 400; text-transform: uppercase; letter-spacing: 0.12em; font-size: 1.0625rem; }
.stage { margin: 2.5rem 0; padding: 0 1.5rem; width: min(36rem, 100%); }
main { border: 0; border-top: 1px solid var(--text); padding: 1.75rem 0; background: none; border-radius: 0; }
h1 { font-weight: 400; font-size: 1.5rem; }
legend, .list, label { font-weight: 400; }
legend, .list { text-decoration: underline; text-underline-offset: 0.3em; }
button, .button { font-weight: 400; }
footer { text-align: left; }
aside p { padding: 0; }
@media (min-width: 56rem) { .brand, .stage, footer { margin-left: 12%; } }`,
  // A band and a card.
  plain: `
.brand { border-bottom: 1px solid color-mix(in srgb, var(--line) 60%, transparent); }
.bank { font-size: 1.375rem; }
@media (min-width: 56rem) { .brand { padding-inline: max(1.5rem, 50% - 15.5rem); } }`,
}
