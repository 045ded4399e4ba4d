/** The code of what was seen. */
export function CodePage() {
  return <h1>The code</h1>
}
