import type { ContractErrorCode } from '../protocol/contract.js'
import type { Bench } from './harness/bench.js'
import type { Request, Sample } from './harness/sample.js'

/** A rule as its file has it: a duty of the contract, and how it is put to the test. */
export type UnnamedRule = Duty & (Refusing | Story) & { readonly level?: 2 }

/** Rules by their names, which are short and stable, for `--only` and for reports; in the order in which they run. */
export type Rules = Readonly<Record<string, UnnamedRule>>

/** A rule with its name. Those of level 2 need the bff provider. */
export type Rule = Duty & (Refusing | Story) & { readonly name: string; readonly level: 1 | 2 }

interface Duty {
  /** The requests in words. */
  readonly sent: string
  /** The reason in one sentence. */
  readonly why: string
  /** The place where it is written. */
  readonly section: string
  /** Needs the session of a second user. */
  readonly needsOther?: true
}

/** A test as data: the backend refuses each of these requests, and the provider hears of none. */
export interface Refusing {
  readonly refuses: (sample: Sample) => readonly Request[]
  /** The error of each refusal; where there are several, any of them. */
  readonly refusal: ContractErrorCode | readonly ContractErrorCode[]
  /** Has a transaction begun first, so that the sample's proof is one that the backend would redeem. */
  readonly begun?: boolean
  /** Checks that the right request still works. @throws {Mismatch} */
  readonly afterwards?: (bench: Bench, sample: Sample) => Promise<void>
}

/** A test as code, for what takes more than refusals. */
export interface Story {
  /** @throws {Mismatch} when the backend does something else than the contract says. */
  readonly run: (bench: Bench) => Promise<void> | void
}

/** Gives rules their names, and level 1 where they say nothing else. */
export const named = (rules: Rules): readonly Rule[] =>
  Object.entries(rules).map(([name, rule]) => ({ level: 1, ...rule, name }))
