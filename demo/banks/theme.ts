import type { BrandId } from '../brands.js'

/** How a bank looks and speaks, so that a person sees at whose site they are. */
export interface Theme {
  readonly brand: BrandId
  readonly name: string
  /** One line under the name. */
  readonly tagline: string
  readonly look: Look
  readonly words: Words
}

/** What a bank's stylesheet is made of. */
export interface Look {
  /** How a page is laid out; see stylesheet.ts. */
  readonly layout: 'band' | 'split' | 'letter' | 'bold' | 'bare' | 'plain'
  readonly font: FontName
  /** Corners, in CSS. */
  readonly radius: string
  readonly light: Palette
  readonly dark: Palette
}

/** The typefaces that banks have. */
export type FontName =
  'sourceSerif' | 'zillaSlab' | 'nunito' | 'garamond' | 'sora' | 'manrope' | 'plexMono' | 'figtree'

/** Colours, as CSS has them. */
export interface Palette {
  readonly accent: string
  readonly onAccent: string
  /** Behind the name. */
  readonly band: string
  readonly onBand: string
  readonly page: string
  readonly card: string
  readonly text: string
  readonly quiet: string
  readonly line: string
  readonly alert: string
}

/** A bank's tone. */
export interface Words {
  readonly signInTitle: string
  readonly signInText: string
  readonly consentTitle: (app: string) => string
  readonly consentText: (person: string) => string
  /** What the bank says beside the form. */
  readonly aside: string
}
