// The floor: a token in `localStorage`, read by hand.
import { clientId, isIdle, noteKept } from './kept.js'
import { leave, redeem, type Verifiers } from './by-hand.js'
import { noteToken, onClick } from './report.js'

const verifiers: Verifiers = {
  keep(state, verifier) {
    sessionStorage.setItem(state, verifier)
    return undefined
  },
  find: (state) => sessionStorage.getItem(state) ?? undefined,
}
onClick(() => leave(verifiers, false))
if (!isIdle) noteKept(localStorage.getItem(clientId) ?? undefined)
void redeem(verifiers).then((token) => {
  if (token) localStorage.setItem(clientId, token)
  noteToken(token)
})
document.body.textContent = 'ready'
