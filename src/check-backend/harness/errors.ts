import type { ContractErrorCode } from '../../protocol/contract.js'
import { statusOf } from '../../protocol/contract-status.js'

/** Whether a value is one of the contract's errors. */
export function isContractError(value: unknown): value is ContractErrorCode {
  return typeof value === 'string' && Object.hasOwn(statusOf, value)
}
