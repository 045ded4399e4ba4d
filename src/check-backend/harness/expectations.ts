import type { ContractErrorCode } from '../../protocol/contract.js'
import { statusOf } from '../../protocol/contract-status.js'
import type { Exchange } from './client.js'
import { Mismatch } from './mismatch.js'

/** An outcome of a request: an error of the contract with its status, a status, or any refusal of the request itself. */
export type Outcome = ContractErrorCode | number | '4xx'

/** One outcome, or several that are all right. */
export type Outcomes = Outcome | readonly Outcome[]

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
