// The floor: a page without a framework, and the verifier in `sessionStorage`.
import { leave, redeem, type Verifiers } from './by-hand.js'
import { noteToken, onClick } from './report.js'

const verifiers: Verifiers = {
  keep(state, verifier) {
    sessionStorage.setItem(state, verifier)
    return undefined
  },
  find: (state) => sessionStorage.getItem(state) ?? undefined,
}
onClick(() => leave(verifiers, location.pathname.includes('discovers')))
void redeem(verifiers).then(noteToken)
document.body.textContent = 'ready'
