// The floor of a React app whose popups and other tabs find the verifier: it lies in IndexedDB. Asks for the metadata at each click.
import { get, set } from 'idb-keyval'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { leave, redeem, type Verifiers } from './by-hand.js'
import { noteToken, onClick } from './report.js'

const verifiers: Verifiers = { keep: (state, verifier) => set(state, verifier), find: (state) => get(state) }
const redeemed = redeem(verifiers)
onClick(() => leave(verifiers, true))

function App() {
  const [token, setToken] = useState<string>()
  useEffect(() => {
    void redeemed.then(setToken)
  }, [])
  useEffect(() => {
    noteToken(token)
  }, [token])
  return <p>ready</p>
}

createRoot(document.body).render(<App />)
