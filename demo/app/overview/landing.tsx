import { ArrowDown } from 'lucide-react'
import { searchId } from '../connect/picker.js'
import { FlowPicture } from './flow-picture.js'

/** Before anything is connected: what this is, how it works, and the way in. */
export function Landing() {
  return (
    <section className="landing" aria-labelledby="landing">
      <div>
        <h1 id="landing">See every account of your business on one page.</h1>
        <p className="lead">
          You sign in at your own bank and choose what to share. No password comes here, and you can end it at
          any time.
        </p>
        <a
          className="button large"
          href={`#${searchId}`}
          onClick={(event) => {
            event.preventDefault()
            const search = document.getElementById(searchId)
            search?.focus({ preventScroll: true })
            search?.scrollIntoView({ block: 'center' })
          }}
        >
          Connect a demo bank <ArrowDown aria-hidden="true" />
        </a>
      </div>
      <FlowPicture />
    </section>
  )
}
