/** A part of the example's source and what stands there instead. */
type Edit = readonly [file: string, from: string, to: string]

/** A backend with one defence missing, and the rules of the check that must notice it. */
export interface Variant {
  readonly title: string
  readonly rules: readonly string[]
  /** A rule about requests at the same time, which notices it when they happen to come one after the other. */
  readonly sometimes?: string
  readonly edits: readonly Edit[]
}

/** One line of the lists. */
export const variant = (title: string, rules: string | readonly string[], ...edits: Edit[]): Variant => ({
  title,
  rules: typeof rules === 'string' ? [rules] : rules,
  edits,
})
