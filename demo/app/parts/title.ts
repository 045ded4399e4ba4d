import { useAuthorizationCallback } from 'countersign'
import { useEffect } from 'react'
import { usePath } from '../router.js'

const titles: Readonly<Record<string, string>> = {
  '/': 'Cash overview',
  '/lab': 'What can go wrong',
  '/code': 'The code',
}

/** Says in the tab what is shown there, and how an authorization went. */
export function useTitle(): void {
  const path = usePath()
  const { status } = useAuthorizationCallback()
  const title = path.startsWith('/callback/') ? answers[status] : (titles[path] ?? 'No such page')
  useEffect(() => {
    document.title = `${title} · Lasagna Enterprises`
  }, [title])
}

const answers = {
  none: 'Cash overview',
  pending: 'Finishing your connection…',
  connected: 'Connected',
  cancelled: 'Not connected',
  denied: 'Not connected',
  failed: 'Not connected',
  sign_in_required: 'Sign in to go on',
  interaction_finished: 'Cash overview',
} as const
