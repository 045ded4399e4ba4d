/** A part of the example's source and what stands there instead. */
type Edit = readonly [file: string, from: string, to: string]

/** A backend with one defence missing, and the rules of the check that must notice it. */
export interface Variant {
  readonly title: string
  readonly rules: readonly string[]
  readonly edits: readonly Edit[]
}

/** One line of the lists. */
export const variant = (title: string, rules: string | readonly string[], ...edits: Edit[]): Variant => ({
  title,
  rules: typeof rules === 'string' ? [rules] : rules,
  edits,
})
