/** A part of the example's source and what stands there instead. */
type Edit = readonly [file: string, from: string, to: string]

/** A backend with one defence missing, and the rows of the check that must notice it. */
export interface Variant {
  readonly title: string
  readonly rows: readonly string[]
  readonly edits: readonly Edit[]
}

/** One line of the lists. */
export const variant = (title: string, rows: string | readonly string[], ...edits: Edit[]): Variant => ({
  title,
  rows: typeof rows === 'string' ? [rows] : rows,
  edits,
})
