import { Act } from '../parts/act.js'
import { keepRun, useForgotten } from './run.js'

/** Says why nothing is connected any more, to who comes back to fake banks whose data the browser has dropped. */
export function Forgotten() {
  const forgotten = useForgotten()
  if (!forgotten) return null
  return (
    <section className="panel notice" aria-label="The banks have started anew">
      <h2>The banks have started anew</h2>
      <p>Your browser plays them, and no longer has what they knew of you: connect your banks again.</p>
      <Act quiet label="All right" onClick={keepRun} />
    </section>
  )
}
