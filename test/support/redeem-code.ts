import {
  checkAnswer,
  sendCode,
  type CheckedTokens,
  type Grant,
  type TokenEndpoint,
} from '../../src/protocol/token-endpoint.js'

/** Redeems a code and checks the whole answer, in one. */
export const redeemCode = async (endpoint: TokenEndpoint, grant: Grant): Promise<CheckedTokens> =>
  checkAnswer(endpoint, grant, await sendCode(endpoint, grant))
