import { Link } from './link.js'

/** An address that this app does not have. */
export function NotFound() {
  return (
    <section className="panel notice">
      <h1>There is no such page</h1>
      <p>The address may be an old one.</p>
      <p>
        <Link to="/" className="button">
          To the overview
        </Link>
      </p>
    </section>
  )
}
