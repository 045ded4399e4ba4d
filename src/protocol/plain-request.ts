/** How every request to another server is sent: nothing is followed, cached or told. */
export const plainRequest: RequestInit = {
  credentials: 'omit',
  cache: 'no-store',
  referrerPolicy: 'no-referrer',
  redirect: 'manual',
}
