import type { ContractErrorCode } from '../../protocol/contract.js'
import type { Exchange } from './client.js'
import { statusOf } from '../../protocol/contract-status.js'
import { Mismatch } from './mismatch.js'
import type { ScriptedProvider } from './provider/provider.js'

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

/** @throws {Mismatch} for any other status. */
export function expectStatus(exchange: Exchange, ...statuses: readonly number[]): void {
  if (statuses.includes(exchange.status)) return
  throw new Mismatch(
    `${requestOf(exchange)} was answered with ${outcomeOf(exchange)} instead of ${statuses.join(' or ')}`,
  )
}

/** @throws {Mismatch} unless the backend refused with one of these errors and its status. */
export function expectRefusal(exchange: Exchange, ...errors: readonly ContractErrorCode[]): void {
  const error = member(exchange, 'error')
  const refused = errors.some((one) => one === error && statusOf[one] === exchange.status)
  if (refused) return
  const wanted = errors.map((one) => `${String(statusOf[one])} ${one}`).join(' or ')
  throw new Mismatch(`${requestOf(exchange)} was answered with ${outcomeOf(exchange)} instead of ${wanted}`)
}

/** @throws {Mismatch} when work that must be refused caused a request to the provider. */
export async function expectUnseen<T>(
  { requests }: Pick<ScriptedProvider, 'requests'>,
  work: () => Promise<T>,
): Promise<T> {
  const before = requests.length
  const result = await work()
  const [seen] = requests.slice(before)
  if (seen) throw new Mismatch(`the provider received ${seen.method} ${pathOf(seen.target)} all the same`)
  return result
}

const pathOf = (target: string): string => target.replace(/\?.*$/s, '')
