/** How a bank looks and speaks, so that a person sees at whose site they are. */
export interface Theme {
  readonly name: string
  /** One line under the name. */
  readonly tagline: string
  readonly accent: string
  /** The accent on a dark background. */
  readonly accentOnDark: string
  readonly font: 'serif' | 'sans'
  /** Corners, in CSS. */
  readonly radius: string
  readonly words: Words
}

/** A bank's tone. */
export interface Words {
  readonly signInTitle: string
  readonly signInText: string
  readonly consentTitle: (app: string) => string
  readonly consentText: (person: string) => string
}
