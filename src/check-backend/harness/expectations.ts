import type { ContractErrorCode } from '../../protocol/contract.js'
import { statusOf } from '../../protocol/contract-status.js'
import type { Outcome, Outcomes } from '../rule.js'
import type { Exchange } from './client.js'

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

/** Tells an error of the contract from anything else. */
export function isContractError(value: unknown): value is ContractErrorCode {
  return typeof value === 'string' && Object.hasOwn(statusOf, value)
}

/** A request in a sentence: ids are long and say nothing. */
export function requestOf({ method, path }: Pick<Exchange, 'method' | 'path'>): string {
  return `${method} ${path.replace(/^(\/connections\/)[\w-]{16,}/, '$1{id}')}`
}

/** The outcome of a request, in short: a status, and the error where there is one. */
export function outcomeOf({ status, body }: Pick<Exchange, 'status' | 'body'>): string {
  const { error } = Object(body) as { error?: unknown }
  return isContractError(error) ? `${String(status)} ${error}` : String(status)
}

/** A member of an answer's JSON object, if it has one of that name. */
export function member({ body }: Pick<Exchange, 'body'>, name: string): unknown {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
    ? (body as Record<string, unknown>)[name]
    : undefined
}

/** @throws {Mismatch} when something is not as the contract has it. */
export function expect(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Mismatch(sentence)
}

/** @throws {Mismatch} for any other outcome. */
export function expectOutcome(exchange: Exchange, outcomes: Outcomes): void {
  const wanted = [outcomes].flat()
  if (wanted.some((outcome) => isOutcome(exchange, outcome))) return
  const words = wanted.map((one) => (isContractError(one) ? `${String(statusOf[one])} ${one}` : String(one)))
  throw new Mismatch(
    `${requestOf(exchange)} was answered with ${outcomeOf(exchange)} instead of ${words.join(' or ')}`,
  )
}

function isOutcome(exchange: Exchange, outcome: Outcome): boolean {
  const { status } = exchange
  if (outcome === '4xx') return status >= 400 && status < 500
  if (typeof outcome === 'number') return status === outcome
  return status === statusOf[outcome] && member(exchange, 'error') === outcome
}
