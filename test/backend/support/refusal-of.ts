import { Refusal } from 'countersign/backend'

/** The refusal that a call of the server rejects with. */
export async function refusalOf(call: Promise<unknown> | undefined): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('the call was not refused')
}
