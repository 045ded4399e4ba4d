/** Thrown by a rule: the backend did something else than the contract says. The message holds no value that was received. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch'
}
