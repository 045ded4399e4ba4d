/** A difference between backend and contract, found by a rule. The message holds no value that was received. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch'
}
