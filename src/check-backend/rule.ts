import type { Bench } from './harness/bench.js'

/** One line of the table: a duty of the contract, and how it is put to the test. */
export interface Rule {
  /** Short and stable, for `--only` and for reports. */
  readonly name: string
  readonly level: 1 | 2
  /** What is sent, in words. */
  readonly sent: string
  /** Why it matters, in one sentence. */
  readonly why: string
  /** Where it is written. */
  readonly section: string
  /** Needs the session of a second user. */
  readonly needsOther?: true
  /** Sends what it says. @throws {Mismatch} when the backend does something else than the contract says. */
  readonly run: (bench: Bench) => Promise<void> | void
}
