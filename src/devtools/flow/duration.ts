/** Milliseconds as a person reads them: `12 ms`, `1.4 s`, `3 min`, `5 h`, `2 days`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${String(Math.max(0, Math.round(milliseconds)))} ms`
  const seconds = milliseconds / 1000
  if (seconds < 90) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 90 * 60) return `${String(Math.round(seconds / 60))} min`
  if (seconds < 48 * 3600) return `${String(Math.round(seconds / 3600))} h`
  return `${String(Math.round(seconds / 86_400))} days`
}
