/** A difference between backend and contract, found by a rule. The message holds no value that was received. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch'
  /** The name of the rule that is about it, where another one met it on its way. */
  readonly about: string | undefined

  constructor(message: string, about?: string) {
    super(message)
    this.about = about
  }
}
