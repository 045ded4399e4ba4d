import type { Exchange } from './harness/client.js'
import type { Outcomes } from './harness/expectations.js'
import type { ScriptedAnswer } from './harness/provider/provider.js'
import type { Proof, Request, Scene } from './harness/scene.js'

/** `required`: people are at risk or pages break without it. `hardening`: one more line of defence. */
export type Tier = 'required' | 'hardening'

/** A duty of the contract, and the parts that put it to the test, in the order in which they run. */
export interface UnnamedRule {
  /** The requests in words. */
  readonly sent: string
  /** The reason in one sentence. */
  readonly why: string
  /** The place where it is written. */
  readonly section: string
  /** @defaultValue `required` */
  readonly tier?: 'hardening'
  /** What the backend must have: the `bff` provider (level 2), or the one with ID Tokens. */
  readonly needs?: 'bff' | 'openid'
  /** The rule whose failure explains a failure of this one, so that one fault is told once. */
  readonly explainedBy?: string
  /** Needs the session of a second user. */
  readonly needsOther?: true

  /** Has a transaction begun first, so that {@link refuses} and {@link run} get a proof that would be redeemed. */
  readonly begun?: true
  /** Requests that are refused, and cause no request to the provider. */
  readonly refuses?: (scene: Scene, proof: Proof) => readonly Request[]
  /** The error of each of them. */
  readonly refusal?: Outcomes
  /** A request of the page that the provider does not answer as usual. */
  readonly trouble?: Trouble
  /** Something that holds for every answer so far. */
  readonly every?: readonly Every[]
  /** What takes more than the parts above. @throws {Mismatch} when the backend does something else than the contract says. */
  readonly run?: (scene: Scene, proof: Proof) => Promise<void> | void
}

/** Tries of one request, each with a code or a connection of its own, and with other answers of the provider. */
export interface Trouble {
  /** What the page wants: to redeem a code, a new access token, or something of the API. */
  readonly asks: 'code' | 'openid code' | 'refresh' | 'openid refresh' | 'accounts' | 'payment'
  /** What the provider answers, one after the other, and what the page gets. */
  readonly cases: (scene: Scene) => readonly (readonly [answers: readonly ScriptedAnswer[], page: Outcomes])[]
  /** Requests that the provider receives in each case; absent: any number. */
  readonly requests?: number
  /** What the page gets for the same request once more, when the provider works again. */
  readonly again?: Outcomes
}

/** Something about answers. */
export interface Every {
  readonly isRight: (answer: Exchange, scene: Scene) => boolean
  /** The rest of the sentence "The answer to …". */
  readonly problem: string
  /** The answers that are meant; absent: all. */
  readonly of?: (answer: Exchange) => boolean
}

/** Rules by their names, which are short and stable, for `--only` and for reports; in the order in which they run. */
export type Rules = Readonly<Record<string, UnnamedRule>>

/** A rule with its name. */
export interface Rule extends Omit<UnnamedRule, 'tier'> {
  readonly name: string
  readonly level: 1 | 2
  readonly tier: Tier
}

/** Gives rules their names, and what all of them need. */
export const named = (rules: Rules, needs?: UnnamedRule['needs']): readonly Rule[] =>
  Object.entries(rules).map(([name, rule]) => {
    const all = { tier: 'required' as const, ...(needs && { needs }), ...rule }
    return { ...all, name, level: all.needs === 'bff' ? 2 : 1 }
  })
