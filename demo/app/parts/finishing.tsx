import { useAuthorizationCallback } from 'countersign'
import { AppMark } from '../mark.js'
import { usePath } from '../router.js'

/** Over everything, from the moment a person comes back until it is known what became of it. */
export function Finishing() {
  const { status } = useAuthorizationCallback()
  const path = usePath()
  if (status !== 'pending' || !path.startsWith('/callback/')) return null
  return (
    <div className="finishing" role="status" aria-label="Progress">
      <AppMark />
      <p>Finishing your connection…</p>
      <span className="bar" aria-hidden="true" />
    </div>
  )
}
