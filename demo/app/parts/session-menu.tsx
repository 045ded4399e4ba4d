import { readConfiguration } from '../configuration.js'
import { changeUser, useUser } from '../session.js'

const { users } = readConfiguration()

/** Value of the menu while it is not known who is signed in. */
const unknown = 'unknown'

/** Who is signed in to the app, and the way to change that. */
export function SessionMenu() {
  const user = useUser()
  return (
    <form className="session" aria-label="App user">
      <label htmlFor="user">App user</label>
      <select
        id="user"
        value={user === undefined ? unknown : (user?.id ?? '')}
        disabled={user === undefined}
        onChange={(event) => {
          void changeUser(users.find(({ id }) => id === event.target.value) ?? null)
        }}
      >
        {users.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
        <option value="">Signed out</option>
        {user === undefined && <option value={unknown}>…</option>}
      </select>
    </form>
  )
}
