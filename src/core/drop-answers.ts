import type { WaitingAnswer } from './channel/channel.js'

/** Forgets the answers that wait in this page, and revokes their tokens: nobody will ask for them. */
export function dropAnswers({ answers }: { readonly answers: Map<string, WaitingAnswer> }): void {
  for (const [state, { answer, release }] of answers) {
    answers.delete(state)
    release()
    answer.drop()
  }
}
