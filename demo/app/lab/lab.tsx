/** What can go wrong, to be tried. */
export function Lab() {
  return <h1>What can go wrong</h1>
}
